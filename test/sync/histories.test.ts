import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyInventory } from '../../src/store/verify.ts';
import type { ApiImage, EmulatedAccount } from '../../src/emulator/account.ts';
import { rewind, snapshot, type Snapshot } from '../support/history.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';

interface Mutation {
  readonly kind: 'upload' | 'delete' | 'patch' | 'replace' | 'return';
  readonly seed: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('upload', 'delete', 'patch', 'replace', 'return'),
  seed: fc.nat(1_000_000),
});

/** Bodies that differ in the ways that matter: absent, null, empty, numbers, unknown fields. */
const BODIES: readonly Omit<ApiImage, 'id'>[] = [
  {},
  { filename: null, creator: null, meta: null, variants: null },
  { filename: '', creator: '', meta: {}, variants: [] },
  { filename: 'a.png', creator: 'ann', meta: { n: 1, deep: { list: [1, null, 'x'] } } },
  { filename: 'a.png', creator: 'bob', meta: { n: 2 }, requireSignedURLs: true },
  { filename: 'b.png', uploaded: '2026-01-01T00:00:00.000Z', draft: false, size: 5 },
  { filename: 7, creator: ['x'], variants: ['https://e.test/x/public'] },
];

/** Does one thing to an account, chosen by the seed; `gone` remembers ids that may come back. */
function mutate(account: EmulatedAccount, { kind, seed }: Mutation, gone: string[]): void {
  const body = BODIES[seed % BODIES.length] ?? {};
  const ids = account.all().map(({ id }) => id);
  const id = ids[seed % Math.max(1, ids.length)];
  if (kind === 'upload') account.upload({ id: `new/${seed}` });
  else if (kind === 'return')
    account.upload({ id: gone.pop() ?? `other/${seed}`, filename: 'back' });
  else if (id === undefined) return;
  else if (kind === 'patch') account.patch(id, { creator: `c${seed % 3}`, meta: { n: seed % 4 } });
  else if (kind === 'replace') account.replace(id, { id, ...body });
  else if (account.delete(id)) gone.push(id);
}

async function serveAnew(images: number, seed: number): Promise<ServedAccount> {
  const served = await serveAccount({ images, seed });
  return { ...served, env: { ...served.env, IMAGE_INVENTORY_PER_PAGE: '10' } };
}

describe('an account that stands still while it is read', () => {
  test(
    'is mirrored exactly, run after run, and every earlier run can be had back',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(60),
          fc.nat(1000),
          fc.array(fc.array(mutation, { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
          async (images, seed, rounds) => {
            const served = await serveAnew(images, seed);
            const { sync, close } = openTestSession(served.env);
            const history: Snapshot[] = [];
            const gone: string[] = [];
            for (const round of [[], ...rounds]) {
              for (const step of round) mutate(served.account, step, gone);
              const { failure, counts } = await sync();
              expect(failure).toBeUndefined();
              expect(counts?.listed).toBe(served.account.size);
              expect(imagesAsApi(served.database, ACCOUNT)).toEqual(
                accountAsApi(served.account.all()),
              );
              history.push(snapshot(served.database));
            }
            for (const [index, then] of history.entries()) {
              expect(rewind(served.database, index + 1)).toEqual(then);
            }
            expectLedgerToAgree(served.database);
            await close();
            await served.emulator.close();
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});

describe('an account that is changed between page requests', () => {
  test(
    'loses no image that was there throughout, and keeps none that was gone before',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 20, max: 80 }),
          fc.nat(1000),
          fc.array(mutation, { maxLength: 12 }),
          fc.array(fc.option(mutation), { minLength: 1, maxLength: 20 }),
          fc.integer({ min: 1, max: 5 }),
          async (images, seed, before, during, concurrency) => {
            const served = await serveAnew(images, seed);
            const { account, database, emulator } = served;
            const env = { ...served.env, IMAGE_INVENTORY_CONCURRENCY: String(concurrency) };
            const { sync, close } = openTestSession(env);
            const gone: string[] = [];
            await sync();
            for (const step of before) mutate(account, step, gone);
            const atStart = new Set(account.all().map(({ id }) => id));
            const touched = new Set<string>();
            const steps = [...during];
            emulator.on('request', () => {
              const step = steps.shift();
              if (step) mutate(account, step, []);
              for (const { id } of account.all()) touched.add(id);
            });
            const { failure } = await sync();
            const atEnd = new Set(account.all().map(({ id }) => id));
            const stored = new Set(
              query(database, 'SELECT id FROM images').map(({ id }) => String(id)),
            );

            if (failure === undefined) {
              for (const id of stored)
                expect([...atStart, ...touched], `${id} was gone before`).toContain(id);
            }
            const removed = query(database, "SELECT image_id FROM changes WHERE kind = 'removed'");
            for (const { image_id: id } of removed) {
              const wasThroughout = atStart.has(String(id)) && atEnd.has(String(id));
              expect(wasThroughout, `${String(id)} was removed, and was there throughout`).toBe(
                false,
              );
            }
            expectLedgerToAgree(database);
            await close();
            await emulator.close();
          },
        ),
        { numRuns: 100 },
      );
    },
  );
});

/** Every count of every complete run against the rows of `changes`, and all that `verify` knows to ask. */
function expectLedgerToAgree(database: string): void {
  const wrong = query(
    database,
    `SELECT run_id FROM runs AS r WHERE status = 'complete' AND run_id > 1 AND (
       added <> (SELECT count(*) FROM changes AS c WHERE c.run_id = r.run_id AND kind = 'added') OR
       changed <> (SELECT count(*) FROM changes AS c WHERE c.run_id = r.run_id AND kind = 'changed') OR
       removed <> (SELECT count(*) FROM changes AS c WHERE c.run_id = r.run_id AND kind = 'removed') OR
       restored <> (SELECT count(*) FROM changes AS c WHERE c.run_id = r.run_id AND kind = 'restored'))`,
  );
  expect(wrong).toEqual([]);
  const left = query(database, 'SELECT count(*) AS n FROM staged_images');
  expect(left).toEqual([{ n: 0 }]);
  const { checks } = verifyInventory(database, undefined);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
}
