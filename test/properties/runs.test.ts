import { existsSync } from 'node:fs';
import { env } from 'node:process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { snapshot } from '../support/history.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { rewind } from '../support/history.ts';
import { quietRounds, rounds, STILL, worlds } from './scenarios.ts';
import { serveAll, World, type Played } from './world.ts';

const servers = serveAll();

/** Cases of each property; `npm run properties` asks for many more. */
const CASES = Number(env['PROPERTY_CASES'] ?? 400);
const LIMITS = {
  numRuns: CASES,
  ...(env['PROPERTY_SEED'] && { seed: Number(env['PROPERTY_SEED']) }),
};
const TIMEOUT = 60_000 + 1000 * CASES;

test(
  'whatever happens, no run removes what was there, or keeps what was gone',
  { timeout: TIMEOUT },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.array(rounds, { minLength: 1, maxLength: 4 }),
        async (options, all) => {
          const world = new World(servers, options);
          await world.play(STILL);
          for (const round of [...all, STILL, STILL]) {
            const before = existsSync(world.database) ? snapshot(world.database) : new Map();
            const played = await world.play(round);
            if (played.outcome?.counts === undefined || round.options.mode === 'dry-run') {
              // A crash may come after the run was published, but before anybody heard of it.
              if (played.outcome) expect(snapshot(world.database)).toEqual(before);
              continue;
            }
            expectNothingLost(world, played);
          }
          expect(imagesAsApi(world.database, world.accountId)).toEqual(
            accountAsApi(world.account.all()),
          );
          expectHistory(world);
        },
      ),
      LIMITS,
    );
  },
);

test(
  'an account that stands still is mirrored exactly, however often the run is interrupted',
  { timeout: TIMEOUT },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.array(quietRounds, { minLength: 1, maxLength: 4 }),
        async (options, all) => {
          const world = new World(servers, options);
          for (const round of [...all, STILL]) {
            const { outcome, wasStill } = await world.play(round);
            if (round.options.mode === 'dry-run' || !wasStill || outcome?.counts === undefined)
              continue;
            expect(outcome.counts.listed).toBe(world.account.size);
            expect(imagesAsApi(world.database, world.accountId)).toEqual(
              accountAsApi(world.account.all()),
            );
          }
          expectHistory(world);
        },
      ),
      LIMITS,
    );
  },
);

function expectNothingLost(world: World, { throughout, ever, outcome }: Played): void {
  const { database } = world;
  const stored = new Set(query(database, 'SELECT id FROM images').map(({ id }) => String(id)));
  for (const id of stored) expect(ever.has(id), `${id} was gone before the run began`).toBe(true);
  const removed = query(
    database,
    `SELECT image_id FROM changes
     WHERE kind = 'removed' AND run_id = (SELECT max(run_id) FROM runs WHERE status = 'complete')`,
  );
  for (const { image_id: id } of removed) {
    expect(throughout.has(String(id)), `${String(id)} was removed, and was there throughout`).toBe(
      false,
    );
  }
  expect(outcome?.counts?.removed).toBe(removed.length);
}

/** Every published run can be had back, its counts are those of its rows, and nothing is left over. */
function expectHistory({ database, history }: World): void {
  for (const [runId, then] of history) expect(rewind(database, runId)).toEqual(then);
  const left = query(
    database,
    `SELECT (SELECT count(*) FROM staged_images) + (SELECT count(*) FROM stages) AS staged,
       (SELECT count(*) FROM stored_images) - (SELECT count(*) FROM images) AS unseen`,
  );
  expect(left).toEqual([{ staged: 0, unseen: 0 }]);
  expect(existsSync(`${database}-scan`)).toBe(false);
}
