import type { ChangeKind, Counts } from '../inventory/change.ts';
import type { FieldChange } from '../inventory/field-changes.ts';
import { printable } from '../inventory/printable.ts';
import { formatNumber } from '../inventory/quantity.ts';
import { shortened } from '../inventory/shortened.ts';
import { formatTime } from '../inventory/time-text.ts';

/** The sign of each kind of change, in the order in which they are counted. */
export const SIGNS: Readonly<Record<ChangeKind, string>> = {
  added: '+',
  changed: '~',
  removed: '-',
  restored: '↺',
};

/** How much is shown of a value, and of a key: a terminal is no place for a megabyte. */
const VALUE_LENGTH = 60;
const KEY_LENGTH = 40;
/** How much is shown before the place from which on two long values differ. */
const LEAD = 10;

/** Of an image that came back without any difference. */
export const AS_IT_WAS = 'as it was';

/** A run, and when it was published. @param run - `at` is ISO 8601. */
export function runText(run: { readonly runId: number; readonly at: string }): string {
  return `run ${run.runId}, ${formatTime(Date.parse(run.at))}`;
}

/** How many changes of each kind: `+1,204 ~3 -0 ↺0`. */
export function formatCounts(counts: Pick<Counts, ChangeKind>): string {
  return Object.entries(SIGNS)
    .map(([kind, sign]) => sign + formatNumber(counts[kind as ChangeKind]))
    .join(' ');
}

/** What differs in one place: `meta.album: "a" → "b"`. */
export function describeChange({ path, before, after }: FieldChange): string {
  const [old, young] = [valueText(before), valueText(after)];
  const sides = old === young ? fromWhereTheyDiffer(before, after) : [old, young];
  return `${pathText(path)}: ${sides.join(' → ')}`;
}

/** The values of an image that came or went, which differ from nothing: `filename: "a.png"`. */
export function describeValue({ path, before, after }: FieldChange): string {
  return `${pathText(path)}: ${valueText(after ?? before)}`;
}

/** A parsed JSON value as text that is safe on a terminal, in part if it is long. */
export function valueText(value: unknown, length = VALUE_LENGTH): string {
  return value === undefined ? '(none)' : shortened(printable(JSON.stringify(value)), length);
}

/** An image's id as text that is safe on a terminal. It is whole, so that it can be asked for. */
export function idText(id: string): string {
  return printable(id);
}

/** By which other id an image was known, or will be. @param ids - The earlier first. */
export function describeLink(imageId: string, [before, after]: readonly [string, string]): string {
  return after === imageId ? `was ${idText(before)} before` : `goes on as ${idText(after)}`;
}

/** Two values that are alike where they are shown in part: what they have in common is left out. */
function fromWhereTheyDiffer(before: unknown, after: unknown): string[] {
  const sides = [before, after].map((value) => Array.from(JSON.stringify(value)));
  const [old = [], young = []] = sides;
  const common = old.findIndex((character, at) => character !== young[at]);
  const start = Math.max(0, (common < 0 ? old.length : common) - LEAD);
  return sides.map((side) => shortened(printable(`…${side.slice(start).join('')}`), VALUE_LENGTH));
}

/** `meta.album`; a key that is no plain word is quoted, since it may hold anything. */
function pathText([column, ...keys]: FieldChange['path']): string {
  const steps = keys.map((key) =>
    /^[\p{L}\p{N}_-]+$/u.test(key)
      ? `.${shortened(key, KEY_LENGTH)}`
      : `[${valueText(key, KEY_LENGTH)}]`,
  );
  return printable(column) + steps.join('');
}
