/** How much text is gathered into one piece, in UTF-16 code units. */
const ENOUGH = 64 * 1024;

/** Lines, each with its end, as pieces of UTF-8 that are large enough to be worth a write. No piece ends within a line. */
export function* chunks(lines: Iterable<string>): Generator<Uint8Array> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < ENOUGH) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
