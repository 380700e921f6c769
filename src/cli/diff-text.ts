import type { Change } from '../inventory/change.ts';
import { readFieldChanges, type FieldChange } from '../inventory/field-changes.ts';
import { printable } from '../inventory/printable.ts';
import { formatCount } from '../inventory/quantity.ts';
import { shortened } from '../inventory/shortened.ts';
import type { Comparison } from '../store/comparison.ts';
import {
  AS_IT_WAS,
  describeChange,
  describeLink,
  formatCounts,
  idText,
  runText,
  SIGNS,
} from './change-text.ts';
import { formatTable } from './table.ts';

/** How much is shown of a file name. */
const NAME_LENGTH = 80;
/** How many fields of one image are shown; the rest is counted. */
const MAX_FIELDS = 5;

/** What `diff` tells a person, in pieces: of each account what was compared, then a line an image. */
export function* comparisonsToText(comparisons: readonly Comparison[]): Generator<string> {
  if (comparisons.length === 0) yield 'No account has been read yet.\n';
  let separator = '';
  for (const comparison of comparisons) {
    yield `${separator}${headOf(comparison)}\n`;
    separator = '\n';
    if (comparison.from === undefined) continue;
    let margin = '\n';
    for (const change of comparison.difference.changes()) {
      yield `${margin}${lineOf(change)}\n`;
      margin = '';
    }
  }
}

function headOf(comparison: Comparison): string {
  const { accountId, from, to } = comparison;
  const rows = [['account', printable(accountId)]];
  if (from !== undefined) rows.push(['from', finishText(from)]);
  if (to !== undefined) rows.push(['to', finishText(to)]);
  return formatTable([...rows, ['changes', summaryOf(comparison)]]);
}

function summaryOf(comparison: Comparison): string {
  if (comparison.from === undefined) {
    const missing = comparison.to === undefined ? 'no complete run' : 'no earlier complete run';
    return `nothing to compare yet: ${missing} is on record`;
  }
  const { counts } = comparison.difference;
  return Object.values(counts).some((count) => count > 0) ? formatCounts(counts) : 'none';
}

function finishText({ runId, finishedAt }: { runId: number; finishedAt: string }): string {
  return runText({ runId, at: finishedAt });
}

function lineOf({ imageId, kind, diff }: Change): string {
  const { ids, fields } = readFieldChanges(diff);
  const isWhole = kind === 'added' || kind === 'removed';
  const details = isWhole ? nameOf(fields) : changesText(fields);
  const link = ids === undefined ? '' : ` (${describeLink(imageId, ids)})`;
  return `${SIGNS[kind]} ${idText(imageId)}  ${`${details}${link}`.trim()}`.trimEnd();
}

/** What an image that came or went is called. */
function nameOf(fields: readonly FieldChange[]): string {
  const name = fields.find(({ path }) => path[0] === 'filename');
  const value = name?.after ?? name?.before;
  return typeof value === 'string' ? shortened(printable(value), NAME_LENGTH) : '';
}

function changesText(fields: readonly FieldChange[]): string {
  if (fields.length === 0) return AS_IT_WAS;
  const shown = fields.slice(0, MAX_FIELDS).map(describeChange);
  const more = fields.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${formatCount(more, 'more field')}`] : [])].join(', ');
}
