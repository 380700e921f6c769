import type { Change, Counts } from '../../inventory/change.ts';
import type { Image } from '../../inventory/image.ts';
import type { ListPage, Memory, ReadPage } from './pages.ts';
import type { Usage } from './source.ts';

export type RunMode = 'full' | 'quick' | 'dry-run';
export type RunStatus = 'running' | 'complete' | 'incomplete' | 'held' | 'failed' | 'interrupted';

/** What the ledger knows of a run before it starts. */
export interface RunStart {
  readonly accountId: string;
  readonly mode: RunMode;
  readonly api: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly toolVersion: string;
  /** The creators that the list is limited to, `''` for "not set"; `undefined` for all images. */
  readonly creators: readonly string[] | undefined;
  /** What else decides what a page holds, as a text: pages of an earlier run are believed only if theirs is the same. */
  readonly scope: string;
  /** Whether the pages that an interrupted run read may be taken over. */
  readonly mayResume: boolean;
}

/** What the ledger knows of a run after it ended. */
export interface RunEnd extends Usage {
  /** The time, in milliseconds since 1970, as often as it is asked for: the last answer is that of the run's end. */
  readonly finishedAt: number;
  readonly expected: number | undefined;
}

/** A run that ended without publishing. */
export interface RunFailure {
  readonly status: Exclude<RunStatus, 'running' | 'complete'>;
  readonly code: string;
  readonly message: string;
}

/** What a run took over from an interrupted one. */
export interface Resumed {
  /** The interrupted run. */
  readonly runId: number;
  /** What the account stated then. */
  readonly expected: number | undefined;
  readonly pages: readonly ReadPage[];
}

/**
 * The place where runs are remembered. Opening one means holding its writer lock. Runs of different accounts may be
 * under way at once.
 */
export interface Store {
  /** Whether a complete full run has ever read the list of these creators, or of all. */
  hasFullRun(accountId: string, creators: readonly string[] | undefined): boolean;
  /**
   * Writes the ledger row `running` and opens a stage for it, with what an interrupted run of the same scope had read.
   *
   * @throws Error, a programmer's, if a run of the account is under way.
   */
  begin(start: RunStart): Stage;
}

/**
 * One run's work, invisible to readers until {@link Stage.publish}. The order is: pages, then
 * suspects with their verdicts, then exactly one of `publish`, `rehearse`, `abandon` and `suspend`.
 */
export interface Stage {
  readonly runId: number;
  /** Whether the account has no complete run yet, so that everything is new and nothing is news. */
  readonly isBaseline: boolean;
  /** Stored images within the run's scope, before the run. */
  readonly stored: number;
  /** How many images fewer than stated the last complete run listed; what it proved need not be proved again. */
  readonly knownShortfall: number;
  readonly resumed: Resumed | undefined;
  /** Distinct images that the list has shown so far. */
  readonly listed: number;
  /** What readers see, by the bytes that showed it. */
  readonly memory: Memory;

  /**
   * Compares a page with what is stored and stages the differences; commits before it returns. A page may be
   * added twice, and ids may come again: the later answer counts.
   *
   * @returns How many of the page's ids this run had not seen before.
   */
  add(page: ListPage): number;
  /**
   * Stages the images of a page that readers do not know, and leaves those that they know as they are, whatever the
   * page says of them; commits before it returns. Such pages are not kept for a later run.
   *
   * @returns How many of the page's images readers know.
   */
  addNew(page: ListPage): number;
  /** What the account states, remembered beside the pages of an interrupted run. */
  expect(expected: number | undefined): void;
  /** Says that a reading of the list is over. From here on `listed` is right; until then it may count an image again that was shown again. */
  settle(): void;
  /** Forgets every page, as if nothing had been read. */
  restart(): void;
  /** Stored images of the scope that no page showed, with no verdict yet. Lazy; in batches of bounded size. */
  suspects(): Iterable<readonly string[]>;
  /** A suspect was found alive: as if a page had shown it, but not counted as listed. */
  acquit(image: Image): void;
  /** A suspect is proved to be gone. */
  condemn(id: string): void;
  /** All suspects that are left are taken to be gone. */
  condemnRest(): void;

  /** Makes the stage the account's inventory and closes the ledger row, in one transaction. */
  publish(end: RunEnd): Counts;
  /** As {@link Stage.publish}, then undone: `onChange` sees what would have been written. The ledger row stays. */
  rehearse(end: RunEnd, onChange: (change: Change) => void): Counts;
  /** Drops the stage and closes the ledger row with the reason. */
  abandon(end: RunEnd, failure: RunFailure): void;
  /** As {@link Stage.abandon}, but keeps the pages for a run that starts soon. */
  suspend(end: RunEnd, failure: RunFailure): void;
  /** What {@link Stage.publish} wrote to `changes`, oldest first. */
  changes(): Iterable<Change>;
}
