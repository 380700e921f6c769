import { canonicalJson } from '../../src/inventory/canonical-json.ts';
import { reading, type Ask, type Row } from './inventory.ts';

/** An inventory at one time: for each image its columns, as canonical JSON. */
export type Snapshot = ReadonlyMap<string, string>;

const JSON_COLUMNS = new Set(['meta', 'variants', 'extra']);
const COLUMNS = [
  'filename',
  'creator',
  'meta',
  'require_signed_urls',
  'uploaded',
  'variants',
  'extra',
];

type State = Record<string, unknown>;

/** What readers see now. */
export function snapshot(database: string): Snapshot {
  return freeze(reading(database, readState));
}

/** Undoes the changes of the latest runs, one run after the other, back to just after `runId`. */
export function rewind(database: string, runId: number): Snapshot {
  return reading(database, (ask) => {
    const state = readState(ask);
    const changes = ask(
      'SELECT * FROM changes WHERE run_id > ? ORDER BY run_id DESC, change_id DESC',
      runId,
    );
    for (const change of changes) undo(state, change);
    return freeze(state);
  });
}

function undo(state: Map<string, State>, change: Row): void {
  const id = String(change['image_id']);
  const diff = JSON.parse(String(change['diff'])) as Record<string, [unknown, unknown]>;
  if (change['kind'] === 'added' || change['kind'] === 'restored') {
    if (!state.delete(id)) throw new Error(`${id} was added, yet is not there`);
    return;
  }
  const image = change['kind'] === 'removed' ? empty() : state.get(id);
  if (image === undefined) throw new Error(`${id} was changed, yet is not there`);
  for (const [column, [before, after]] of Object.entries(diff)) {
    // The two ids of an image that was given another one; no column.
    if (column === 'id') continue;
    const now = canonicalJson(JSON.stringify(image[column] ?? null));
    if (now !== canonicalJson(JSON.stringify(after))) {
      throw new Error(`${id}.${column} is ${now}, not what its last change made it`);
    }
    image[column] = before;
  }
  state.set(id, image);
}

function empty(): State {
  return Object.fromEntries([...COLUMNS, 'null_fields'].map((column) => [column, null]));
}

function readState(ask: Ask): Map<string, State> {
  const state = new Map<string, State>();
  for (const row of ask('SELECT * FROM images')) {
    const image = empty();
    for (const column of COLUMNS) image[column] = valueOf(column, row[column] ?? null);
    state.set(String(row['id']), image);
  }
  for (const row of ask('SELECT * FROM image_nulls ORDER BY image_id, field')) {
    const image = state.get(String(row['image_id']));
    if (image)
      image['null_fields'] = [...((image['null_fields'] as unknown[] | null) ?? []), row['field']];
  }
  return state;
}

function valueOf(column: string, cell: string | number | null): unknown {
  if (cell === null) return null;
  if (column === 'require_signed_urls') return cell === 1;
  return JSON_COLUMNS.has(column) ? JSON.parse(String(cell)) : cell;
}

function freeze(state: Map<string, State>): Snapshot {
  return new Map([...state].map(([id, image]) => [id, canonicalJson(JSON.stringify(image))]));
}
