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
  /**
   * What differs, in the order of image ids; what was changed and changed back does not. Found anew each time, image
   * by image.
   */
  readonly changes: () => Iterable<Change>;
}

/**
 * Compares two runs of an account, in either direction. Both are proved before anything is told. The caller holds a read
 * transaction for as long as changes are read.
 *
 * @throws Failure `DATABASE_DAMAGED` if the runs cannot be rebuilt.
 */
export function compareRuns(
  database: Database,
  account: StoredAccount,
  from: PublishedRun,
  to: PublishedRun,
): Difference {
  const isForward = from.runId <= to.runId;
  const runs = isForward ? [to, from] : [from, to];
  const touched = (): Iterable<Rewound> => rewind(database, account, runs);
  const between = (rewound: Rewound): Change | undefined => {
    const [later = UNSEEN, earlier = UNSEEN] = rewound.then;
    const { imageId } = rewound;
    if (!isForward) return netChange(imageId, later, earlier);
    return netChange(imageId, earlier, later, () => newestIds(rewound, to.runId));
  };
  const counts = { added: 0, changed: 0, removed: 0, restored: 0 };
  const proof = createProof(findLatest(database, account.accountId) ?? to, runs);
  for (const rewound of touched()) {
    proof.add(rewound);
    const change = between(rewound);
    if (change !== undefined) counts[change.kind] += 1;
  }
  proof.finish();
  return { counts, changes: () => present(touched(), between) };
}

const UNSEEN: Known = { is: 'unseen' };

function* present<T, R>(items: Iterable<T>, map: (item: T) => R | undefined): Generator<R> {
  for (const item of items) {
    const result = map(item);
    if (result !== undefined) yield result;
  }
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
    return { imageId, kind: 'restored', diff: diffImages(before.image, to) ?? '{}' };
  }
  const diff = diffImages(from, to, idsOf?.()) ?? '{}';
  return { imageId, kind: from === null ? 'added' : 'removed', diff };
}

/** The old and the new id, if the last thing that happened to the image up to a run was that it was given another one. */
function newestIds({ changes }: Rewound, upTo: number): Ids | undefined {
  const last = changes.find(({ runId }) => runId <= upTo);
  return last === undefined ? undefined : idsOfDiff(last.diff);
}
