/**
 * Rows as stretches that follow each other: pairs of the first row and how many there are, 32 bits each. A page's images were
 * mostly written one after the other, so that a thousand of them take a few bytes.
 */
export function toStretches(rows: Uint32Array): Buffer {
  const stretches: number[] = [];
  for (let start = 0; start < rows.length;) {
    const first = rows[start] ?? 0;
    let end = start + 1;
    while (end < rows.length && rows[end] === first + end - start) end += 1;
    stretches.push(first, end - start);
    start = end;
  }
  const bytes = Buffer.alloc(4 * stretches.length);
  for (const [index, value] of stretches.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

/** A page holds no more images than this, whatever was written. */
const MOST_ROWS = 1_000_000;

/** @returns `undefined` if the bytes are not what {@link toStretches} gives. */
export function fromStretches(bytes: Buffer): Uint32Array | undefined {
  if (bytes.length % 8 !== 0) return undefined;
  let count = 0;
  for (let at = 0; at < bytes.length; at += 8) count += bytes.readUInt32LE(at + 4);
  if (count > MOST_ROWS) return undefined;
  const rows = new Uint32Array(count);
  let place = 0;
  for (let at = 0; at < bytes.length; at += 8) {
    const first = bytes.readUInt32LE(at);
    const end = place + bytes.readUInt32LE(at + 4);
    for (let row = first; place < end; row += 1, place += 1) rows[place] = row;
  }
  return rows;
}
