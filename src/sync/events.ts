import type { Change, Counts } from '../inventory/change.ts';
import type { Failure } from '../inventory/failure.ts';
import type { RequestPlan, Usage } from './ports/source.ts';
import type { Resumed, RunMode } from './ports/stage.ts';

/** Why requests are not being sent: the configured window is full, or the server asked for a pause. */
export type WaitReason = 'window' | 'throttled' | 'quota-low';

/** Why a list is read again: it is shorter than stated, misses too many images to ask for each, or has moved since it was begun. */
export type RepeatReason = 'short' | 'suspects' | 'moved';

/** Everything worth telling about a run, as it happens. What is told of images is told after it was committed. */
export type RunEvent =
  | {
      readonly type: 'sync.started';
      readonly mode: RunMode;
      readonly expected: number | undefined;
      readonly stored: number;
      readonly resumed: Resumed | undefined;
      /** `undefined` where it is not known how much there is to read. */
      readonly plan: RequestPlan | undefined;
    }
  | {
      readonly type: 'sync.page';
      readonly page: number;
      readonly images: number;
      readonly listed: number;
      readonly requestMs: number;
      readonly cfRay: string | undefined;
    }
  | {
      readonly type: 'sync.repeating';
      readonly reason: RepeatReason;
      readonly listed: number;
      readonly expected: number | undefined;
    }
  | {
      readonly type: 'sync.confirming';
      readonly asked: number;
      readonly gone: number;
      /** Of how many images those asked for are a sample; `undefined` when each is asked for. */
      readonly suspects: number | undefined;
    }
  | { readonly type: 'sync.waiting'; readonly reason: WaitReason; readonly waitMs: number }
  /** One attempt is over; `status` is `undefined` when there was no answer. */
  | { readonly type: 'request.finished'; readonly status: number | undefined }
  | {
      readonly type: 'request.retry';
      readonly attempt: number;
      readonly waitMs: number;
      readonly status: number | undefined;
      readonly reason: string;
      readonly cfRay: string | undefined;
    }
  | { readonly type: 'image.changed'; readonly change: Change; readonly mode: RunMode }
  | { readonly type: 'sync.unlogged'; readonly count: number; readonly mode: RunMode }
  | { readonly type: 'sync.mismatch'; readonly listed: number; readonly expected: number }
  | {
      readonly type: 'sync.finished';
      readonly mode: RunMode;
      readonly isBaseline: boolean;
      readonly counts: Counts;
      readonly usage: Usage;
      readonly durationMs: number;
    }
  | {
      readonly type: 'sync.incomplete' | 'sync.held' | 'sync.failed';
      readonly failure: Failure;
      readonly listed: number;
      readonly usage: Usage;
      readonly durationMs: number;
    };

/** Takes events as they happen. It must not throw and must not wait. */
export type Emit = (event: RunEvent) => void;
