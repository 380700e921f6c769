import { formatDuration } from '../inventory/duration.ts';
import { formatNumber } from '../inventory/quantity.ts';
import { planText } from './plan-text.ts';
import type { RunEvent } from '../sync/events.ts';

/** What the line needs to know of the quota. */
export interface QuotaView {
  /** Requests left in the configured window. */
  readonly remaining: () => number;
  /** How long the quota makes the last of so many more requests wait, in milliseconds. */
  readonly waitMs: (requests: number) => number;
}

/** The terminal that the line is drawn on. */
export interface Terminal {
  write(text: string): void;
  readonly columns?: number | undefined;
}

const CLEAR_LINE = '\r\u001b[2K';
const REDRAW_MS = 100;
/** From here on the log's lines say all that there is to say. */
const ENDS: ReadonlySet<RunEvent['type']> = new Set([
  'image.changed',
  'sync.finished',
  'sync.incomplete',
  'sync.held',
  'sync.failed',
]);

/**
 * One line at the bottom of a terminal that tells how far a run is. Log lines are written through
 * {@link Progress.around}, which takes it away and draws it anew.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #quota: QuotaView;
  readonly #now: () => number;
  #line = '';
  #startedAt = 0;
  #drawnAt = 0;
  #expected: number | undefined;
  #pageSize = 0;
  #pages = 0;
  /** Images that an interrupted run read. */
  #readBefore = 0;

  constructor(terminal: Terminal, quota: QuotaView, now: () => number) {
    this.#terminal = terminal;
    this.#quota = quota;
    this.#now = now;
  }

  /** Takes a run's event; most change nothing on the line. */
  show(event: RunEvent): void {
    if (event.type === 'sync.started') {
      this.#startedAt = this.#now();
      this.#expected = event.expected;
      this.#pages = 0;
      this.#readBefore = (event.resumed?.pages ?? []).reduce((sum, { count }) => sum + count, 0);
      this.#draw(`reading the list${event.plan ? `, ${planText(event.plan)}` : ''} …`);
    } else if (event.type === 'sync.page') {
      this.#pages += 1;
      this.#pageSize = Math.max(this.#pageSize, event.images);
      if (this.#now() - this.#drawnAt >= REDRAW_MS) this.#draw(this.#reading(event.listed));
    } else if (event.type === 'sync.confirming') {
      this.#draw(`confirming removals: ${event.asked} asked, ${event.gone} gone`);
    } else if (event.type === 'sync.repeating') {
      this.#startedAt = this.#now();
      this.#readBefore = event.listed;
      this.#draw('reading the list again …');
    } else if (this.#line !== '' && ENDS.has(event.type)) {
      this.#draw('');
    }
  }

  /** Writes something else without tearing the line. */
  around(write: () => void): void {
    if (this.#line === '') {
      write();
      return;
    }
    this.#terminal.write(CLEAR_LINE);
    write();
    this.#terminal.write(this.#line);
  }

  #reading(listed: number): string {
    const elapsed = Math.max(1, this.#now() - this.#startedAt);
    const perSecond = Math.round((1000 * (listed - this.#readBefore)) / elapsed);
    const total = this.#expected;
    const share = total
      ? ` of ${formatNumber(total)} (${Math.floor((100 * listed) / total)}%)`
      : '';
    const parts = [
      `${formatNumber(listed)}${share} images`,
      `${formatNumber(perSecond)} images/s`,
      `${formatNumber(this.#quota.remaining())} requests left in the window`,
    ];
    if (total !== undefined)
      parts.push(`ETA ${formatDuration(this.#eta(total - listed, elapsed))}`);
    return parts.join(' · ');
  }

  /** The larger of what reading and what the quota will take, in milliseconds. */
  #eta(imagesLeft: number, elapsed: number): number {
    const pagesLeft = Math.max(0, Math.ceil(imagesLeft / Math.max(1, this.#pageSize)));
    const reading = (elapsed / Math.max(1, this.#pages)) * pagesLeft;
    return Math.max(reading, this.#quota.waitMs(pagesLeft));
  }

  #draw(text: string): void {
    this.#drawnAt = this.#now();
    // A terminal that does not tell its width says 0.
    const { columns = 0 } = this.#terminal;
    this.#line = text.slice(0, (columns > 0 ? columns : 80) - 1);
    this.#terminal.write(CLEAR_LINE + this.#line);
  }
}
