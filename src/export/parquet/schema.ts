import type { ParquetWriter } from 'hyparquet-writer';
import type { Column, ColumnKind } from '../../inventory/table.ts';

export type SchemaElement = ParquetWriter['schema'][number];

/** The columns without which a row names no image. Every other one may be without a value, now or in a later version. */
const REQUIRED: readonly string[] = ['account_id', 'id'];

/**
 * A table's columns in Parquet's words, which are written twice where they have changed: `converted_type` for older
 * engines, `logical_type` for newer ones.
 *
 * JSON is declared as plain text. Its own type is read as text by some engines, as bytes by others and as JSON by a third
 * kind, which may write a number anew; every engine has functions that read JSON from text.
 */
export function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'image', num_children: columns.length },
    ...columns.flatMap(({ name, kind }) => elements(name, kind)),
  ];
}

const STRING = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
} as const;

function elements(name: string, kind: ColumnKind): SchemaElement[] {
  const column = {
    name,
    repetition_type: REQUIRED.includes(name) ? 'REQUIRED' : 'OPTIONAL',
  } as const;
  switch (kind) {
    case 'text':
    case 'json':
    case 'nulls':
      return [{ ...column, ...STRING }];
    case 'integer':
      return [{ ...column, type: 'INT64' }];
    case 'boolean':
      return [{ ...column, type: 'BOOLEAN' }];
    case 'time':
      return [
        {
          ...column,
          type: 'INT64',
          converted_type: 'TIMESTAMP_MICROS',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
        },
      ];
    case 'json-list':
      // The three levels of the specification: an absent list, an empty one and its elements can be told apart.
      return [
        { ...column, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'OPTIONAL', ...STRING },
      ];
  }
}
