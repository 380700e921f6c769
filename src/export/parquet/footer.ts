/** In Thrift's compact protocol: field 3, the number of rows, is 0; field 4 is a list of nothing, of no type. */
const NO_ROWS_NO_GROUPS = Uint8Array.of(0x16, 0x00, 0x19, 0x00);
const STRUCT = 0x0c;

/**
 * The end of a file without rows. hyparquet-writer (0.17) takes a list's type from its first element, and gives one without
 * elements no type; strict readers refuse a list of row groups that is not one of structs.
 *
 * @param end - What the writer gives behind the last row group. It is altered.
 */
export function withTypedGroups(end: Uint8Array): Uint8Array {
  const place = Buffer.from(end.buffer, end.byteOffset, end.length).indexOf(NO_ROWS_NO_GROUPS);
  if (place === -1) throw new Error('a Parquet file without rows ends otherwise than expected');
  end[place + NO_ROWS_NO_GROUPS.length - 1] = STRUCT;
  return end;
}
