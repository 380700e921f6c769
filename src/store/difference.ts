import type { Database } from 'better-sqlite3';
import type { Change, ChangeKind } from '../inventory/change.ts';
import { diffImages } from '../inventory/compare.ts';
import { idsOfDiff } from '../inventory/diff-sides.ts';
import type { Known } from '../inventory/undo.ts';
import type { StoredAccount } from './accounts.ts';
import { createProof } from './past/proof.ts';
import { findLatest, type PublishedRun } from './past/published-run.ts';
import { rewind, type Rewound } from './past/rewind.ts';
import type { Ids } from './reidentify.ts';

/** How an account at one run differs from the same account at another. */
export interface Difference {
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** What differs, in the order of image ids; what was changed and changed back does not. Read row by row. */
  readonly changes: () => Iterable<Change>;
}

/** What was found, in a table of the connection's own, so that memory does not grow with it. */
const CREATE = `
  CREATE TEMP TABLE IF NOT EXISTS differences (
    account_id TEXT NOT NULL,
    image_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    diff TEXT NOT NULL,
    PRIMARY KEY (account_id, image_id)
  )`;

/**
 * Compares two runs of an account, in either direction. Both are proved before anything is told. The caller holds a read
 * transaction for as long as changes are read, and compares each account once on a connection.
 *
 * @throws Failure `DATABASE_DAMAGED` if the runs cannot be rebuilt.
 */
export function compareRuns(
  database: Database,
  account: StoredAccount,
  from: PublishedRun,
  to: PublishedRun,
): Difference {
  const { accountId } = account;
  const counts = { added: 0, changed: 0, removed: 0, restored: 0 };
  const remember = rememberer(database, accountId);
  const isForward = from.runId <= to.runId;
  const runs = isForward ? [to, from] : [from, to];
  const proof = createProof(findLatest(database, accountId) ?? to, runs);
  const idsOf = linker(database, accountId, to);
  for (const rewound of rewind(database, account, runs)) {
    proof.add(rewound);
    const change = isForward ? laterOn(rewound, idsOf) : earlierOn(rewound);
    if (change === undefined) continue;
    remember(change);
    counts[change.kind] += 1;
  }
  proof.finish();
  const found = database.prepare<[string], Change>(
    'SELECT image_id AS imageId, kind, diff FROM temp.differences WHERE account_id = ? ORDER BY image_id',
  );
  return { counts, changes: () => found.iterate(accountId) };
}

function rememberer(database: Database, accountId: string): (change: Change) => void {
  database.exec(CREATE);
  database.prepare('DELETE FROM temp.differences WHERE account_id = ?').run(accountId);
  const insert = database.prepare('INSERT INTO temp.differences VALUES (?, ?, ?, ?)');
  return ({ imageId, kind, diff }) => void insert.run(accountId, imageId, kind, diff);
}

const UNSEEN: Known = { is: 'unseen' };

function laterOn(rewound: Rewound, idsOf: Linker): Change | undefined {
  const [later = UNSEEN, earlier = UNSEEN] = rewound.then;
  return netChange(rewound.imageId, earlier, later, () => idsOf(rewound));
}

function earlierOn({
  imageId,
  then: [later = UNSEEN, earlier = UNSEEN],
}: Rewound): Change | undefined {
  return netChange(imageId, later, earlier);
}

/**
 * What leads from one state of an image to another, whatever happened in between.
 *
 * @param idsOf - Finds both ids of an image that was given another one.
 */
function netChange(
  imageId: string,
  before: Known,
  after: Known,
  idsOf?: () => Ids | undefined,
): Change | undefined {
  const from = before.is === 'present' ? before.image : null;
  const to = after.is === 'present' ? after.image : null;
  if (from === null && to === null) return undefined;
  if (from !== null && to !== null) {
    const diff = diffImages(from, to);
    return diff === undefined ? undefined : { imageId, kind: 'changed', diff };
  }
  if (before.is === 'gone') {
    return { imageId, kind: 'restored', diff: diffImages(before.image, to, idsOf?.()) ?? '{}' };
  }
  const diff = diffImages(from, to, idsOf?.()) ?? '{}';
  return { imageId, kind: from === null ? 'added' : 'removed', diff };
}

/** The old and the new id of an image that came or went because it was given another one. */
type Linker = (rewound: Rewound) => Ids | undefined;

/** @param to - The run of which an image is told how it came to be there, or to be gone. */
function linker(database: Database, accountId: string, to: PublishedRun): Linker {
  const lastKind = database
    .prepare<[string, string, number], string>(
      `SELECT kind FROM changes WHERE account_id = ? AND image_id = ? AND run_id <= ?
       ORDER BY change_id DESC LIMIT 1`,
    )
    .pluck();
  const isThere = (id: string): boolean =>
    (lastKind.get(accountId, id, to.runId) ?? 'removed') !== 'removed';
  return ({ imageId, changes }) => {
    const last = changes.find(({ runId, kind }) => runId <= to.runId && kind !== 'changed');
    const ids = last === undefined ? undefined : idsOfDiff(last.diff);
    // It does not go on as an image that is gone by then too.
    return ids !== undefined && (ids[1] === imageId || isThere(ids[1])) ? ids : undefined;
  };
}
