import { expect } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { accountAsApi, imagesAsApi, query, type Row } from './inventory.ts';
import { ACCOUNT, type Env, type Finished } from './program.ts';
import { serveAccount, type ServedAccount } from './served-account.ts';

/** Both versions of the list, and their requests for a page that is not the first. */
export const LISTS = [
  { api: 'v1', later: /images\/v1\?page=[2-9]&/ },
  { api: 'v2', later: /images\/v2\?.*continuation_token=/ },
] as const;

export type List = (typeof LISTS)[number];

/** Pages so small that a few images make a list of several, asked for one after the other. */
export function envOf({ api }: List): Env {
  return {
    IMAGE_INVENTORY_API: api,
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_CONCURRENCY: '1',
  };
}

/** An account of four pages, a published inventory of it, and changes that no run has seen yet. */
export async function serveChanged(list: List): Promise<ServedAccount> {
  const served = await serveAccount({ images: 35 });
  expect(await served.sync([], envOf(list))).toMatchObject({ code: 0, stderr: '' });
  change(served);
  return served;
}

/** Three images less and one more. */
export function change({ account }: ServedAccount): void {
  for (const { id } of account.all().slice(0, 3)) account.delete(id);
  account.upload({ id: 'new' });
}

/** A run that met a fault, and the ledger's row of it. */
export type Struck = Finished & { readonly ledger: Row | undefined };

/** A fault strikes the list once, behind its first page, and passes: the inventory equals the account. */
export async function strikeOnce(
  served: ServedAccount,
  name: FaultName,
  list: List,
  env: Env = {},
): Promise<Struck> {
  served.emulator.faults.add({ name, path: list.later, times: 1 });
  const finished = await served.sync([], { ...envOf(list), ...env });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expectEqual(served);
  return { ...finished, ledger: lastRun(served) };
}

/** A fault strikes every page but the first until the run gives up, which changes nothing. */
export async function strikeForEver(
  served: ServedAccount,
  name: FaultName,
  list: List,
  env: Env = {},
): Promise<Struck> {
  const before = published(served);
  served.emulator.faults.add({ name, path: list.later });
  const finished = await served.sync([], { ...envOf(list), ...env });
  expect(published(served)).toEqual(before);
  expectNothingStaged(served);
  return { ...finished, ledger: lastRun(served) };
}

/** What readers see. */
export function published({ database }: ServedAccount): unknown {
  const rows = (table: string): Row[] => query(database, `SELECT * FROM ${table}`);
  return [imagesAsApi(database, ACCOUNT), rows('changes'), rows('removed_images')];
}

/** The inventory is equal to the account. */
export function expectEqual({ database, account }: ServedAccount): void {
  expect(imagesAsApi(database, ACCOUNT)).toEqual(accountAsApi(account.all()));
}

export function expectNothingStaged({ database }: ServedAccount): void {
  const counts = `SELECT (SELECT count(*) FROM staged_images) AS changed, (SELECT count(*) FROM stages) AS stages,
    (SELECT count(*) FROM stored_images) - (SELECT count(*) FROM images) AS hidden`;
  expect(query(database, counts)).toEqual([{ changed: 0, stages: 0, hidden: 0 }]);
}

/** The ledger's last row, as far as it says how the run ended. */
export function lastRun({ database }: ServedAccount): Row | undefined {
  const columns = 'status, removed, requests, retries, error_code, error_message';
  return query(database, `SELECT ${columns} FROM runs ORDER BY run_id DESC LIMIT 1`)[0];
}
