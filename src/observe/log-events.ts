import type { Level, Logger } from 'pino';
import { formatDuration } from '../inventory/duration.ts';
import { printable } from '../inventory/printable.ts';
import { parseJson } from '../inventory/json-text.ts';
import type { Change, Counts } from '../inventory/change.ts';
import { formatCount, formatNumber } from '../inventory/quantity.ts';
import type { RepeatReason, RunEvent, WaitReason } from '../sync/events.ts';
import type { Resumed, RunMode } from '../sync/ports/stage.ts';
import { failureFields } from './failure-fields.ts';
import { planText } from './plan-text.ts';

/** The run that events belong to. */
export interface RunLabels {
  readonly account_id: string;
  readonly run_id: number;
}

interface Line {
  readonly level: Level;
  readonly event: string;
  readonly msg: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A request is counted by whoever keeps figures; in the log, its page or its retry says more. */
type LoggedEvent = Exclude<RunEvent, { type: 'request.finished' }>;

/** Writes an event of a run as one log line, if it is for the log. */
export function logEvent(logger: Logger, labels: RunLabels, event: RunEvent): void {
  if (event.type === 'request.finished') return;
  const { level, event: name, msg, fields } = toLine(event);
  logger[level]({ event: name, ...labels, ...fields }, msg);
}

function toLine(event: LoggedEvent): Line {
  switch (event.type) {
    case 'sync.started':
      return started(event);
    case 'sync.page': {
      const { page, images, listed, requestMs, cfRay } = event;
      return {
        level: 'info',
        event: event.type,
        msg: `page ${page}: ${formatCount(images, 'image')}`,
        fields: {
          page,
          images,
          listed,
          status: 200,
          request_ms: Math.round(requestMs),
          cf_ray: cfRay,
        },
      };
    }
    case 'sync.repeating': {
      const { reason, listed, expected } = event;
      const msg = `reading the list again: ${REPEATS[reason]}`;
      return { level: 'info', event: event.type, msg, fields: { reason, listed, expected } };
    }
    case 'sync.confirming': {
      const { asked, gone, suspects } = event;
      const drawn = suspects === undefined ? '' : `, drawn from ${formatNumber(suspects)}`;
      const msg = `asked for ${formatCount(asked, 'image')} that the list did not show${drawn}: ${gone} gone`;
      return { level: 'info', event: event.type, msg, fields: { asked, gone, suspects } };
    }
    case 'sync.waiting': {
      const msg = `waiting ${formatDuration(event.waitMs)}: ${WAITS[event.reason]}`;
      const fields = { reason: event.reason, wait_ms: Math.round(event.waitMs) };
      return { level: 'info', event: event.type, msg, fields };
    }
    case 'request.retry': {
      const { attempt, status, waitMs, reason, cfRay } = event;
      return {
        level: 'warn',
        event: event.type,
        msg: `${reason}; trying again in ${formatDuration(waitMs)}`,
        fields: { attempt, status, wait_ms: Math.round(waitMs), cf_ray: cfRay },
      };
    }
    case 'image.changed':
      return changed(event.change, event.mode === 'dry-run');
    case 'sync.unlogged': {
      const where = event.mode === 'dry-run' ? 'not shown one by one' : 'in the table "changes"';
      const msg = `${formatCount(event.count, 'more change')}, ${where}`;
      return { level: 'info', event: event.type, msg, fields: { count: event.count } };
    }
    case 'sync.mismatch': {
      const { listed, expected } = event;
      return {
        level: 'warn',
        event: event.type,
        msg: `the list showed ${formatCount(listed, 'image')}, the account's statistics say ${formatNumber(expected)}`,
        fields: { listed, expected },
      };
    }
    case 'sync.finished':
      return finished(event);
    case 'sync.incomplete':
    case 'sync.held':
    case 'sync.failed':
      return ended(event);
  }
}

const WAITS: Readonly<Record<WaitReason, string>> = {
  window: 'the configured requests of this interval are used up',
  throttled: 'the API asked for a pause',
  'quota-low': "the API's quota is nearly used up",
};

const REPEATS: Readonly<Record<RepeatReason, string>> = {
  short: "it showed fewer images than the account's statistics say",
  suspects: 'it missed more stored images than can be asked for one by one',
  moved: 'the account has changed since the interrupted run began it',
};

function started(event: RunEvent & { type: 'sync.started' }): Line {
  const { mode, expected, stored, resumed, plan } = event;
  const kind = mode === 'dry-run' ? 'dry' : mode;
  return {
    level: plan?.isTooLong === true ? 'warn' : 'info',
    event: 'sync.started',
    msg: `${kind} run: ${toRead(event)} to read, ${formatNumber(stored)} stored${behind(resumed)}${planned(event)}`,
    fields: {
      mode,
      expected,
      stored,
      resumed_run: resumed?.runId,
      pages_read: resumed?.pages.length,
      requests_planned: plan?.requests,
      quota_ms: plan && Math.round(plan.waitMs),
    },
  };
}

function toRead({ mode, expected }: RunEvent & { type: 'sync.started' }): string {
  if (mode === 'quick') return 'new uploads';
  return expected === undefined ? 'an unknown number of images' : formatCount(expected, 'image');
}

function behind(resumed: Resumed | undefined): string {
  if (resumed === undefined) return '';
  return `; run ${resumed.runId} was interrupted after ${formatCount(resumed.pages.length, 'page')}, which need not be read again`;
}

function planned({ mode, plan }: RunEvent & { type: 'sync.started' }): string {
  if (mode === 'quick') return '';
  if (plan === undefined) return '; how many requests that takes is not known';
  const warning = plan.isTooLong
    ? ', longer than the run may take: it will end with RATE_LIMITED. Raise IMAGE_INVENTORY_DEADLINE'
    : '';
  return `; ${planText(plan)}${warning}`;
}

function changed({ imageId, kind, diff }: Change, isRehearsal: boolean): Line {
  const differences = Object.entries(parseJson(diff) as Record<string, [unknown, unknown]>);
  const changes = Object.fromEntries(
    differences.map(([field, [before, after]]) => [field, { before, after }]),
  );
  const detail = kind === 'changed' ? ` (${Object.keys(changes).join(', ')})` : '';
  const sameImageAs = otherId(changes['id'], imageId);
  const same =
    sameImageAs === undefined ? '' : `; it is the same image as ${printable(sameImageAs)}`;
  return {
    level: 'info',
    event: `image.${kind}`,
    msg: `${isRehearsal ? 'would be ' : ''}${kind}: ${printable(imageId)}${detail}${same}`,
    fields: {
      image_id: imageId,
      ...(sameImageAs !== undefined && { same_image_as: sameImageAs }),
      ...((kind === 'changed' || kind === 'restored') && { changes }),
      ...(isRehearsal && { dry_run: true }),
    },
  };
}

/** The other id of an image that was given a new one. */
function otherId(
  ids: { before: unknown; after: unknown } | undefined,
  id: string,
): string | undefined {
  const other = ids?.before === id ? ids.after : ids?.before;
  return typeof other === 'string' ? other : undefined;
}

function finished(event: RunEvent & { type: 'sync.finished' }): Line {
  const { counts, usage, durationMs, isBaseline, mode } = event;
  const tail = `${formatCount(usage.requests, 'request')}, ${formatDuration(durationMs)}`;
  const what = isBaseline ? 'baseline' : summary(counts, mode);
  // Images that the list skipped were asked for by id, and are there all the same.
  const total = counts.added + counts.changed + counts.restored + counts.unchanged;
  const byId =
    total > counts.listed ? `, ${formatNumber(total - counts.listed)} confirmed by id` : '';
  const prefix = mode === 'dry-run' ? 'dry run, nothing was changed: ' : '';
  return {
    level: 'info',
    event: 'sync.finished',
    msg: `${prefix}${formatCount(total, mode === 'quick' ? 'newest image' : 'image')}: ${what}${byId} (${tail})`,
    fields: {
      mode,
      baseline: isBaseline,
      ...counts,
      ...usage,
      duration_ms: Math.round(durationMs),
    },
  };
}

function summary({ added, changed, removed, restored }: Counts, mode: RunMode): string {
  const parts = Object.entries({ added, changed, removed, restored })
    .filter(([, amount]) => amount > 0)
    .map(([kind, amount]) => `${formatNumber(amount)} ${kind}`);
  if (parts.length > 0) return parts.join(', ');
  return mode === 'quick' ? 'nothing new' : 'nothing changed';
}

const ENDINGS = {
  'sync.incomplete': { level: 'warn', msg: 'incomplete; nothing was changed' },
  'sync.held': { level: 'warn', msg: 'held; nothing was changed' },
  'sync.failed': { level: 'error', msg: 'failed; nothing was changed' },
} as const;

function ended(event: RunEvent & { type: 'sync.incomplete' | 'sync.held' | 'sync.failed' }): Line {
  const { failure, listed, usage, durationMs } = event;
  const { level, msg } = ENDINGS[event.type];
  return {
    level,
    event: event.type,
    msg: `${msg}: ${failure.message}`,
    fields: {
      ...failureFields(failure),
      listed,
      ...usage,
      duration_ms: Math.round(durationMs),
    },
  };
}
