import type { Change, Counts } from '../inventory/change.ts';
import type { Image } from '../inventory/image.ts';

/** What a run needs of time. Tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970, UTC. For telling the time: somebody may set it. */
  now(): number;
  /** Milliseconds since some fixed moment. For measuring: it never jumps, whatever is done to the time of day. */
  elapsed(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** How long a run may go on. Every request carries it. */
export interface Limits {
  readonly signal: AbortSignal;
  /** As {@link Clock.elapsed} counts; `Infinity` when there is no deadline. */
  readonly deadlineAt: number;
}

/**
 * A page that was read, as far as another process must know it to go on behind it. It is kept on disk
 * while a run is under way, and never logged.
 */
export interface ReadPage {
  /** Which list, counted from 0: a filtered account is one list a creator. */
  readonly list: number;
  /** Counted from 1. */
  readonly number: number;
  /** How many images it held. */
  readonly count: number;
  /** Where a list of cursors goes on, `null` at its end; `undefined` in a list of numbered pages. */
  readonly next: string | null | undefined;
}

/** The bytes of a page, by which it is known again. */
export interface PageBytes {
  /** Of the whole page; `undefined` if no other page can have the same, such as one that leads to the next. */
  readonly digest: Buffer | undefined;
  /** Of each image, in the order of the page. */
  readonly images: Uint32Array;
}

/** One page of the list, after it was proved to be one. */
export interface ListPage extends ReadPage {
  /** For each image the row that the memory knows it by, if it is as it was; else 0. */
  readonly rows: Uint32Array;
  /** The others, in the order of the page. */
  readonly images: readonly Image[];
  /** `undefined` if they are of no use: the page is known as a whole, or nobody can tell where its images begin. */
  readonly bytes: PageBytes | undefined;
  readonly requestMs: number;
  readonly cfRay: string | undefined;
}

/** The images of a page that was not read yet. */
export interface PageImages {
  readonly length: number;
  /** As {@link PageBytes.images}. */
  readonly digests: Uint32Array;
  /** Reads one. @throws Failure `BAD_ANSWER` if it is no image. */
  at(index: number): Image;
}

/**
 * What was shown by which bytes. A source asks it, so that nobody reads again what was read before; what it knows is as it
 * is stored.
 */
export interface Memory {
  /** The rows of all images of a page. @returns `undefined` unless the same bytes would show all of them as they are stored. */
  page(digest: Buffer): Uint32Array | undefined;
  /** For each image of a page the row that holds what the same bytes would show; 0 where that is not known. */
  recognize(images: PageImages): Uint32Array;
}

/** What was asked of the network so far. */
export interface Usage {
  /** Every attempt, retries included. */
  readonly requests: number;
  readonly retries: number;
}

/** What a run takes of the API's quota, as far as can be told before its list is read. */
export interface RequestPlan {
  /** All of the run's requests, those that it has made already and the end of the list included. */
  readonly requests: number;
  /** How long the configured quota makes the last of them wait, in milliseconds; what this process sent before counts. */
  readonly waitMs: number;
  readonly quota: { readonly requests: number; readonly intervalMs: number };
  /** Whether that is longer than the run may take. */
  readonly isTooLong: boolean;
}

/**
 * Where images come from: one account behind one version of the list API. Every method throws a
 * `Failure` when the answer cannot be had, or the signal's reason when it aborts. A source is for
 * one run; it may be asked from several places at once.
 */
export interface Source {
  /** How many images the account says it holds, drafts perhaps included; `undefined` if it will not say. */
  expected(limits: Limits): Promise<number | undefined>;
  /**
   * What reading the list will take; `undefined` where nothing is expected.
   *
   * @param read - Pages that need not be read again.
   */
  plan(
    expected: number | undefined,
    limits: Limits,
    read: readonly ReadPage[],
  ): RequestPlan | undefined;
  /**
   * Every page that holds images, in order of arrival, each once. Ends normally only when the end of the list was
   * reached: an iteration that ends has read the whole list, and one that throws has not.
   *
   * @param expected - What {@link Source.expected} said; a plan for reading ahead, not a promise.
   * @param read - Pages that were read before and are not read again; they come from a source with the same options.
   */
  list(
    expected: number | undefined,
    limits: Limits,
    read: readonly ReadPage[],
    memory: Memory,
  ): AsyncIterable<ListPage>;
  /**
   * The newest images first: one list a creator, or one of all images. Nothing is asked for before somebody waits for it,
   * so whoever stops has read no further. Pages hold images; an iteration that ends has reached the end of its list.
   */
  newest(limits: Limits, memory: Memory): Iterable<AsyncIterable<ListPage>>;
  /** Whether an image of this id can be asked for: an API may use an address for something else. */
  canFind(id: string): boolean;
  /** One image by its id; `undefined` only when the API answered that there is no such image. */
  find(id: string, limits: Limits): Promise<Image | undefined>;
  /** Whether requests are waiting for quota just now. */
  isWaiting(): boolean;
  usage(): Usage;
}

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
