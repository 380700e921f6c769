import { readFieldChanges } from '../inventory/field-changes.ts';
import { FIELDS, type Image } from '../inventory/image.ts';
import { parseJson } from '../inventory/json-text.ts';
import { printable } from '../inventory/printable.ts';
import { formatTime } from '../inventory/time-text.ts';
import type { DatedChange, ImageHistory } from '../store/image-history.ts';
import {
  AS_IT_WAS,
  describeChange,
  describeLink,
  describeValue,
  idText,
  runText,
  valueText,
} from './change-text.ts';
import { formatTable } from './table.ts';

/** How much is shown of one of the image's values. */
const VALUE_LENGTH = 200;

/** What `history` tells a person of one account: the image, then its changes, the earliest first. */
export function historyToText(history: ImageHistory): string {
  return [formatTable(imageRows(history)), changesToText(history)].join('\n\n');
}

function imageRows(history: ImageHistory): string[][] {
  const { accountId, image, firstSeen, isOfBaseline, removed, forgotten } = history;
  const state = removed === undefined ? 'is there' : `gone since ${runText(removed)}`;
  const start = isOfBaseline ? ', when the inventory began' : '';
  const rows = [
    ['image', idText(image.id)],
    ['account', printable(accountId)],
    ['state', state],
    ['first seen', runText(firstSeen) + start],
  ];
  if (forgotten !== undefined) rows.push(['forgotten', `changes up to ${runText(forgotten)}`]);
  return [...rows, ...valueRows(image)];
}

/** The image's values, but for those that are absent. */
function valueRows(image: Image): string[][] {
  const nulls = image.nullFields === null ? [] : (JSON.parse(image.nullFields) as unknown[]);
  return FIELDS.filter(({ key }) => key !== 'nullFields').flatMap(({ key, column, kind }) => {
    const value = image[key];
    if (value === null && !nulls.includes(column)) return [];
    const isJson = kind === 'json' || kind === 'json-set';
    const parsed = isJson && typeof value === 'string' ? parseJson(value) : value;
    return [[column, valueText(parsed, VALUE_LENGTH)]];
  });
}

function changesToText({ image, changes }: ImageHistory): string {
  if (changes.length === 0) return 'No change is on record.';
  const rows = changes.flatMap((change) => {
    const [first = '', ...more] = detailsOf(image.id, change);
    const { runId, at, kind } = change;
    return [
      [String(runId), formatTime(Date.parse(at)), kind, first],
      ...more.map((detail) => ['', '', '', detail]),
    ];
  });
  return formatTable([['RUN', 'TIME', 'CHANGE', ''], ...rows], ['right']);
}

/** What a change did, a line each. */
function detailsOf(imageId: string, { kind, diff }: DatedChange): readonly string[] {
  const { ids, fields } = readFieldChanges(diff);
  const isWhole = kind === 'added' || kind === 'removed';
  const details = fields.map(isWhole ? describeValue : describeChange);
  if (kind === 'restored' && fields.length === 0) details.push(AS_IT_WAS);
  return ids === undefined ? details : [describeLink(imageId, ids), ...details];
}
