import type { Database } from 'better-sqlite3';
import { FIELDS } from '../../inventory/image.ts';
import type { Known } from '../../inventory/undo.ts';
import type { StoredAccount } from '../accounts.ts';
import { findHorizon } from '../horizon.ts';
import { COLUMNS, PLACEHOLDERS, toCells } from '../rows.ts';
import { createProof } from './proof.ts';
import type { PublishedRun } from './published-run.ts';
import { rewind, type Rewound } from './rewind.ts';

/**
 * Images as they were, those only that a later run has touched: all others are as they are. `state` is `present` or
 * `gone`, as of then. The table is the connection's own: nobody else sees it, and the file is not written.
 */
export const PAST_IMAGES = 'temp.past_images';

/** Of the types that they have in the file: a condition compares `creator = 7` as text because the column is of texts. */
const TYPED_COLUMNS = FIELDS.map(
  ({ column, kind }) => `${column} ${kind === 'boolean' ? 'INTEGER' : 'TEXT'}`,
);

const CREATE = `
  CREATE TEMP TABLE IF NOT EXISTS past_images (
    account_id TEXT, state TEXT, id TEXT, ${TYPED_COLUMNS.join(', ')},
    first_seen_run INTEGER, changed_run INTEGER, removed_run INTEGER, removed_at TEXT
  );
  CREATE INDEX IF NOT EXISTS temp.past_images_by_time ON past_images (account_id, state, uploaded)`;

/** How many more images there were then than now, of each state; negative if they were fewer. */
export type Balance = Record<'present' | 'gone', number>;

/**
 * Fills {@link PAST_IMAGES} with an account as it was just after a run, and proves that it is what that run published.
 * What it held of the account is replaced.
 *
 * @throws Failure `DATABASE_DAMAGED` if it is not.
 */
export function rebuild(
  database: Database,
  account: StoredAccount,
  run: PublishedRun,
  latest: PublishedRun,
): Balance {
  database.exec(CREATE);
  database.prepare(`DELETE FROM ${PAST_IMAGES} WHERE account_id = ?`).run(account.accountId);
  const proof = createProof(latest, [run]);
  const remember = rememberer(database, account, run);
  const balance = { present: 0, gone: 0 };
  for (const rewound of rewind(database, account, [run])) {
    const { now, then } = rewound;
    proof.add(rewound);
    remember(rewound);
    count(balance, now.known, -1);
    count(balance, then[0], 1);
  }
  proof.finish();
  return balance;
}

function count(balance: Balance, known: Known | undefined, by: 1 | -1): void {
  if (known?.is === 'present' || known?.is === 'gone') balance[known.is] += by;
}

interface Dated {
  readonly runId: number | null;
  readonly at: string | null;
}

function rememberer(
  database: Database,
  { key, accountId }: StoredAccount,
  { runId }: PublishedRun,
): (rewound: Rewound) => void {
  const lastOf = (kind: string) =>
    database.prepare<[string, string, number], Dated>(
      `SELECT max(run_id) AS runId, at FROM changes
       WHERE account_id = ? AND image_id = ? AND run_id <= ? AND kind ${kind}`,
    );
  const lastChange = lastOf(`<> 'removed'`);
  const lastRemoval = lastOf(`= 'removed'`);
  const insert = database.prepare(
    `INSERT INTO ${PAST_IMAGES}
       (account_id, state, id, ${COLUMNS}, first_seen_run, changed_run, removed_run, removed_at)
     VALUES (?, ?, ?, ${PLACEHOLDERS}, ?, ?, ?, ?)`,
  );
  const isForgetful = findHorizon(database, key) !== undefined;
  return ({ imageId, now, then: [known] }) => {
    if (known === undefined || !('image' in known)) return;
    const changed = lastChange.get(accountId, imageId, runId)?.runId ?? null;
    const removal = known.is === 'gone' ? lastRemoval.get(accountId, imageId, runId) : undefined;
    const firstSeen = now.firstSeenRun ?? null;
    // An image without a change before is as it was first seen, unless changes before are forgotten.
    const changedRun = changed ?? (isForgetful ? null : firstSeen);
    const dates = [firstSeen, changedRun, removal?.runId ?? null, removal?.at ?? null];
    insert.run(accountId, known.is, imageId, ...toCells(known.image), ...dates);
  };
}
