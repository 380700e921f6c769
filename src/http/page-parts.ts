import { formatDuration } from '../inventory/duration.ts';
import { html, type Html } from './html.ts';

/** How good a state is: its colour. */
export type Tone = 'good' | 'busy' | 'bad';

/** A state as a coloured word. */
export function stateLabel(word: string, tone: Tone): Html {
  return html`<span class="state ${tone}">${word}</span>`;
}

/** How far away a time is: `5 min ago`, `in 20 s`. */
export function distance(at: number, now: number): string {
  return at > now ? `in ${formatDuration(at - now)}` : `${formatDuration(now - at)} ago`;
}

/** A table that lines up, or a word where there is nothing to show. */
export function table(caption: string, columns: readonly Column[], rows: readonly Html[]): Html {
  if (rows.length === 0) return html`<p class="muted">${caption}: none.</p>`;
  const heads = columns.map(({ name, isNumber }) =>
    isNumber === true
      ? html`<th scope="col" class="number">${name}</th>`
      : html`<th scope="col">${name}</th>`,
  );
  return html`<div class="wide">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}
