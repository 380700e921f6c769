import type { Database } from 'better-sqlite3';
import { Failure } from '../inventory/failure.ts';
import type { Moment } from '../inventory/moment.ts';
import {
  IMAGE_COLUMNS,
  NULLS,
  REMOVAL_COLUMNS,
  type Cell,
  type Column,
  type Row,
  type Table,
} from '../inventory/table.ts';
import { explainCondition, refuseCondition } from './condition.ts';
import { accountsAt } from './past/accounts-at.ts';
import { imagesAt, type ImagesAt } from './past/images-at.ts';
import type { PublishedRun } from './past/published-run.ts';

/** What is to be read. */
export interface SelectionOptions {
  /** All accounts that were ever read completely, if `undefined`. */
  readonly accountIds: readonly string[] | undefined;
  readonly moment: Moment;
  /** The images that are gone, rather than those that are there. */
  readonly isRemoved: boolean;
  /** Names of columns, in the order wanted; all if `undefined`. */
  readonly columns: readonly string[] | undefined;
  /** An SQL expression over the columns; only rows for which it is true are read. */
  readonly where: string | undefined;
}

/** An account, and the run as of which its images are read. */
export interface SelectedAccount extends PublishedRun {
  readonly accountId: string;
  /** Its images, whatever a condition leaves of them. */
  readonly images: number;
}

/** Rows of one account after the other, sorted by account id, and by upload time within an account. */
export interface Selection extends Table {
  readonly accounts: readonly SelectedAccount[];
}

/**
 * Selects the images that are there, or are gone, as of a moment. Runs of the past are rebuilt and proved before
 * anything is read. The caller holds a read transaction for as long as rows are read.
 *
 * @throws Failure `USAGE` for an account, a moment, a column or a condition that there is not; `DATABASE_DAMAGED` if a
 *   run cannot be rebuilt.
 */
export function select(database: Database, options: SelectionOptions): Selection {
  const { accountIds, moment, isRemoved, where } = options;
  const known = isRemoved ? [...IMAGE_COLUMNS, ...REMOVAL_COLUMNS] : IMAGE_COLUMNS;
  const columns = [...chooseColumns(known, options.columns), NULLS];
  const sources = accountsAt(database, accountIds, [moment]).map((at) =>
    imagesAt(database, at, isRemoved ? 'gone' : 'present'),
  );
  for (const { queries, values } of where === undefined ? [] : sources) {
    for (const query of queries) refuseCondition(database, query, where ?? '', values);
  }
  return {
    columns,
    rows: readRows(database, sources, columns, where),
    accounts: sources.map(({ accountId, run, images }) => ({ accountId, images, ...run })),
  };
}

function chooseColumns(
  known: readonly Column[],
  names: readonly string[] | undefined,
): readonly Column[] {
  if (names === undefined) return known;
  const hint = `The columns are ${known.map(({ name }) => name).join(', ')}.`;
  return names.map((name, index) => {
    const column = known.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Failure('USAGE', `there is no column "${name}"`, { hint });
    if (names.indexOf(name) === index) return column;
    throw new Failure('USAGE', `the column "${name}" was named twice`, { hint });
  });
}

/** One account after the other, row by row. */
function* readRows(
  database: Database,
  sources: readonly ImagesAt[],
  columns: readonly Column[],
  where: string | undefined,
): Generator<Row, undefined> {
  try {
    for (const { queries, values } of sources) {
      const rows = database.prepare<[object], Cell[]>(rowsQuery(queries, columns, where)).raw();
      for (const row of rows.iterate(values)) {
        row.pop();
        yield row;
      }
    }
  } catch (error) {
    throw explainCondition(error);
  }
}

/**
 * The rows of an account in the order of time, which is that of the file as a rule. Queries are merged by a column that they
 * yield, so that there is a cell behind those that were asked for.
 */
export function rowsQuery(
  queries: readonly string[],
  columns: readonly Column[],
  where: string | undefined,
): string {
  const names = columns.map(({ name }) => name).join(', ');
  const condition = where === undefined ? '' : `WHERE (${where}\n)`;
  const parts = queries.map((query) => `SELECT ${names}, uploaded FROM (${query}) ${condition}`);
  return `${parts.join(' UNION ALL ')} ORDER BY ${columns.length + 1}`;
}
