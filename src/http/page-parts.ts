import { formatDuration } from '../inventory/duration.ts';
import { html, type Html } from './html.ts';

/** How good a state is: its colour. */
export type Tone = 'good' | 'busy' | 'bad';

/** A state as a coloured word. */
export function stateLabel(word: string, tone: Tone): Html {
  return html`<span class="state ${tone}">${word}</span>`;
}

/** A time for people, to the second, in UTC. @param at - Milliseconds since 1970. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How far away a time is: `5 min ago`, `in 20 s`. */
export function distance(at: number, now: number): string {
  return at > now ? `in ${formatDuration(at - now)}` : `${formatDuration(now - at)} ago`;
}

/** The first part of a long text, and the end of it, by which ids that begin alike can be told apart. */
export function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  if (characters.length <= length) return text;
  const tail = Math.floor(length / 4);
  const head = characters.slice(0, length - tail - 1).join('');
  return `${head}…${characters.slice(-tail).join('')}`;
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
