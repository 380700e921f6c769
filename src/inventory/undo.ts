import type { Change } from './change.ts';
import { sameImage } from './compare.ts';
import { parseDiff, sideOf, type Diff } from './diff-sides.ts';
import { FIELDS, type Image } from './image.ts';

/** What is known of one image at one time. */
export type Known =
  /** It had not been seen yet. */
  | { readonly is: 'unseen' }
  | { readonly is: 'present'; readonly image: Image }
  /** It is gone; this is how it was last seen. */
  | { readonly is: 'gone'; readonly image: Image }
  /** What is on record contradicts itself. */
  | { readonly is: 'unknown' };

/** The time before a change. */
export interface Undone {
  readonly before: Known;
  /** Why the change cannot have led to what came after it, as the end of a sentence. */
  readonly fault?: string;
}

export interface UndoOptions {
  /** Whether the texts must be equal, or only what they mean. */
  readonly isExact: boolean;
}

const UNKNOWN: Known = { is: 'unknown' };

/**
 * Takes one change back: the history of an image is walked from what is stored now, the latest change first, and
 * every change must fit what came after it. After a fault the walk goes on with what the diff itself holds.
 *
 * @param later - What is known of the time just after the change.
 */
export function undo(change: Change, later: Known, options: UndoOptions): Undone {
  try {
    return take(change, later, options);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { before: UNKNOWN, fault: `has a diff that cannot be read: ${error.message}` };
  }
}

function take(change: Change, later: Known, options: UndoOptions): Undone {
  const diff = parseDiff(change.diff);
  const nothing = emptyImage(change.imageId);
  switch (change.kind) {
    case 'added': {
      const fault =
        misplaced('present', later) ??
        notAbsent(diff, 0, nothing) ??
        misfit(sideOf(diff, 1, nothing), later, options);
      return { before: { is: 'unseen' }, ...fault };
    }
    case 'removed': {
      const image = sideOf(diff, 0, nothing);
      const fault =
        misplaced('gone', later) ?? notAbsent(diff, 1, nothing) ?? misfit(image, later, options);
      return { before: { is: 'present', image }, ...fault };
    }
    case 'changed':
    case 'restored': {
      const fault = misplaced('present', later);
      if (later.is !== 'present') return { before: UNKNOWN, ...fault };
      const image = sideOf(diff, 0, later.image);
      const is = change.kind === 'changed' ? 'present' : 'gone';
      return { before: { is, image }, ...misfit(sideOf(diff, 1, later.image), later, options) };
    }
    default:
      return { before: UNKNOWN, fault: `is of a kind that there is not: ${String(change.kind)}` };
  }
}

type Fault = Pick<Undone, 'fault'> | undefined;

/** A state that is known. */
type State = Exclude<Known['is'], 'unknown'>;

const STATES: Readonly<Record<State, string>> = {
  unseen: 'not on record',
  present: 'there',
  gone: 'gone',
};

/** One fault an image is enough: what is unknown fits everything. */
function misplaced(expected: State, later: Known): Fault {
  if (later.is === expected || later.is === 'unknown') return undefined;
  return { fault: `left it ${STATES[expected]}, yet it is ${STATES[later.is]} afterwards` };
}

/** The side of an addition or a removal on which there is no image. */
function notAbsent(diff: Diff, side: 0 | 1, nothing: Image): Fault {
  if (columnsThatDiffer(sideOf(diff, side, nothing), nothing).length === 0) return undefined;
  return { fault: 'has a diff with values of an image that was not there' };
}

function misfit(image: Image, later: Known, { isExact }: UndoOptions): Fault {
  if (!('image' in later)) return undefined;
  const columns = columnsThatDiffer(image, later.image);
  if (columns.length === 0 || (!isExact && sameImage(image, later.image))) return undefined;
  return { fault: `does not lead to what came after it: ${columns.join(', ')}` };
}

function columnsThatDiffer(a: Image, b: Image): readonly string[] {
  return FIELDS.filter(({ key }) => a[key] !== b[key]).map(({ column }) => column);
}

function emptyImage(id: string): Image {
  return {
    id,
    filename: null,
    creator: null,
    meta: null,
    requireSignedUrls: null,
    uploaded: null,
    variants: null,
    extra: null,
    nullFields: null,
  };
}
