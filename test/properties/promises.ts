import { existsSync } from 'node:fs';
import { env } from 'node:process';
import fc from 'fast-check';
import { expect } from 'vitest';
import { rewind, type Snapshot } from '../support/history.ts';
import { canonicalJson } from '../../src/inventory/canonical-json.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import type { OpenDriver } from './drivers.ts';
import { idsOf } from './mutations.ts';
import { quietRounds, rounds, STILL, worlds } from './scenarios.ts';
import { World, type Played, type WorldOptions } from './world.ts';

/** How many cases to try: so many, or as many times as `PROPERTY_FACTOR` says. `PROPERTY_SEED` repeats a failure. */
export function casesOf(cases: number): fc.Parameters<unknown> & { readonly numRuns: number } {
  const seed = env['PROPERTY_SEED'];
  const numRuns = Math.ceil(cases * Number(env['PROPERTY_FACTOR'] ?? 1));
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}

/** Enough for a slow machine. */
export function timeoutOf({ numRuns }: { readonly numRuns: number }): number {
  return 120_000 + 1000 * numRuns;
}

/** Whatever happens, no run removes what was there, or keeps what was gone before it began. */
export function nothingIsLostOrKept(open: OpenDriver) {
  return fc.asyncProperty(
    worlds,
    fc.array(rounds, { minLength: 1, maxLength: 4 }),
    async (options, all) => {
      using world = new World(open(options));
      await world.play(STILL);
      // An interrupted run may be gone on with by the first of the two; the second one owes nothing to anybody.
      for (const round of [...all, STILL, STILL]) {
        const before = world.seen;
        const played = await world.play(round);
        const isPublished = played.outcome?.counts !== undefined && played.mode !== 'dry-run';
        if (isPublished && played.mode === 'quick') expectOnlyAdded(world, played, before);
        else if (isPublished) expectNothingLost(world, played);
        // A crash may come after a run was published, but before anybody heard of it.
        else if (played.outcome !== undefined) expect(world.seen).toEqual(before);
      }
      expectMirrored(world);
      expectHistory(world);
    },
  );
}

/** An account that stands still is mirrored exactly, however often its reading is interrupted. */
export function stillAccountsAreMirrored(open: OpenDriver) {
  return fc.asyncProperty(
    worlds,
    fc.array(quietRounds, { minLength: 1, maxLength: 4 }),
    async (options, all) => {
      using world = new World(open(options));
      for (const round of [...all, STILL]) {
        const before = world.seen;
        const played = await world.play(round);
        const { outcome, wasStill, mode } = played;
        if (mode === 'dry-run' || outcome?.counts === undefined) continue;
        if (mode === 'quick') {
          expectOnlyAdded(world, played, before);
          expectNewestAdded(world, options, before);
          continue;
        }
        if (!wasStill) continue;
        expect(outcome.counts.listed).toBe(world.account.size);
        expectMirrored(world);
      }
      expectHistory(world);
    },
  );
}

function expectMirrored({ database, accountId, account }: World): void {
  const meant = (images: ReadonlyMap<string, string>): Map<string, string> =>
    new Map([...images].map(([id, text]) => [id, canonicalJson(text)]));
  // Another order of the keys of meta is no change, so the old one may stay.
  expect(meant(imagesAsApi(database, accountId))).toEqual(meant(accountAsApi(account.all())));
}

function expectNothingLost({ database }: World, { throughout, ever, outcome }: Played): void {
  for (const { id } of query(database, 'SELECT id FROM images')) {
    expect(ever.has(String(id)), `${String(id)} was gone before the run began`).toBe(true);
  }
  const removed = query(
    database,
    `SELECT image_id FROM changes
     WHERE kind = 'removed' AND run_id = (SELECT max(run_id) FROM runs WHERE status = 'complete')`,
  );
  for (const { image_id: id } of removed) {
    expect(throughout.has(String(id)), `${String(id)} was removed, and was there`).toBe(false);
  }
  expect(outcome?.counts?.removed).toBe(removed.length);
}

/** A quick run leaves everything as it was, and adds what the account held while it was read. */
function expectOnlyAdded({ seen }: World, { ever, outcome }: Played, before: Snapshot): void {
  for (const [id, image] of before) expect(seen.get(id), id).toBe(image);
  const added = [...seen.keys()].filter((id) => !before.has(id));
  for (const id of added) expect(ever.has(id), `${id} was never there`).toBe(true);
  expect(outcome?.counts).toMatchObject({ changed: 0, removed: 0 });
  expect((outcome?.counts?.added ?? 0) + (outcome?.counts?.restored ?? 0)).toBe(added.length);
}

/** It adds all that stands before the first page that was known whole, of an account that stands still. */
function expectNewestAdded(
  { seen, account }: World,
  { perPage }: WorldOptions,
  before: Snapshot,
): void {
  const newestFirst = idsOf(account);
  const shown = new Set<string>();
  for (let start = 0; start < newestFirst.length; start += perPage) {
    const page = newestFirst.slice(start, start + perPage);
    if (page.every((id) => before.has(id))) break;
    for (const id of page) shown.add(id);
  }
  expect(new Set(seen.keys())).toEqual(new Set(before.keys()).union(shown));
}

/** Every published run can be had back, the ledger is right, and nothing is left over. */
function expectHistory({ database, history }: World): void {
  for (const [runId, then] of history) expect(rewind(database, runId)).toEqual(then);
  const left = query(
    database,
    `SELECT (SELECT count(*) FROM staged_images) + (SELECT count(*) FROM stages) AS staged,
       (SELECT count(*) FROM stored_images) - (SELECT count(*) FROM images) AS unseen`,
  );
  expect(left).toEqual([{ staged: 0, unseen: 0 }]);
  const { checks } = verifyInventory(database, undefined);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  expect(existsSync(`${database}-scan`)).toBe(false);
}
