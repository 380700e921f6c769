import type { Image } from '../../inventory/image.ts';
import type { Limits } from './clock.ts';
import type { ListPage, Memory, ReadPage } from './pages.ts';

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
