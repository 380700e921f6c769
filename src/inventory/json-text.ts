/**
 * JSON whose numbers survive. `JSON.parse` rounds a number beyond 2^53 and `JSON.stringify` writes
 * `1.0` as `1`; here a number that a round trip would alter is carried as its source text.
 */
declare global {
  interface JSON {
    /** ES2026: a value that `JSON.stringify` writes as the given text. */
    rawJSON(text: string): { readonly rawJSON: string };
    isRawJSON(value: unknown): value is { readonly rawJSON: string };
    parse(
      text: string,
      reviver: (
        this: unknown,
        key: string,
        value: unknown,
        context: { source?: string },
      ) => unknown,
    ): unknown;
  }
}

/** A number wherever JSON allows one. It may also match inside a string, which costs time, not truth. */
const NUMBER_TOKEN = /(?:^|[:[,])\s*(-?\d[\d.eE+-]*)(?=\s*(?:[,\]}]|$))/g;
/** The escape of a surrogate: the only way in which a lone one can arrive in UTF-8 JSON. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * Parses JSON so that `JSON.stringify` gives every number back as it was written. A lone surrogate,
 * which UTF-8 cannot hold, becomes U+FFFD.
 *
 * @throws SyntaxError if the text is not JSON.
 */
export function parseJson(text: string): unknown {
  const value = parseExact(text);
  return text.includes('\\u') && SURROGATE_ESCAPE.test(text) ? wellFormed(value) : value;
}

function parseExact(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Most texts are spelled like this, and to write one again takes a fraction of what looking at its numbers takes.
  if (JSON.stringify(value) === text) return value;
  const numbers = inexactNumbers(text);
  return numbers.length === 0 ? value : parseMarked(text, numbers);
}

/** A number that `JSON.parse` and `JSON.stringify` would alter, and where it stands. */
interface InexactNumber {
  readonly source: string;
  readonly start: number;
}

function inexactNumbers(text: string): InexactNumber[] {
  const found: InexactNumber[] = [];
  for (const { 0: match, 1: source = '', index } of text.matchAll(NUMBER_TOKEN)) {
    if (String(Number(source)) === source) continue;
    found.push({ source, start: index + match.length - source.length });
  }
  return found.length === 0 ? found : outsideStrings(text, found);
}

/** Of places in a text, in their order, those that are not within a JSON string. */
function outsideStrings(text: string, places: readonly InexactNumber[]): InexactNumber[] {
  let position = 0;
  return places.filter(({ start }) => {
    for (let open = text.indexOf('"', position); open !== -1 && open < start;) {
      position = endOfString(text, open);
      open = text.indexOf('"', position);
    }
    return position <= start;
  });
}

/** Where the string that opens here is over. */
function endOfString(text: string, open: number): number {
  for (
    let close = text.indexOf('"', open + 1);
    close !== -1;
    close = text.indexOf('"', close + 1)
  ) {
    let backslashes = 0;
    while (text[close - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
  return text.length;
}

/**
 * Parses with the given numbers as marked strings, and puts them back as their source. A reviver
 * that reads each value's source would do the same at five times the cost.
 */
function parseMarked(text: string, numbers: readonly InexactNumber[]): unknown {
  const marker = unusedMarker(text);
  let marked = '';
  let end = 0;
  for (const { source, start } of numbers) {
    marked += `${text.slice(end, start)}"${marker}${source}"`;
    end = start + source.length;
  }
  return unmark(JSON.parse(marked + text.slice(end)), marker);
}

/** Something that no string of the text begins with, escaped or not. */
function unusedMarker(text: string): string {
  for (let attempt = 0; ; attempt += 1) {
    const marker = `\ue000${attempt}:`;
    if (!text.includes(marker) && !text.toLowerCase().includes(`\\ue000${attempt}:`)) return marker;
  }
}

function unmark(value: unknown, marker: string): unknown {
  if (typeof value === 'string') {
    return value.startsWith(marker) ? JSON.rawJSON(value.slice(marker.length)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  for (const [key, member] of Object.entries(value)) {
    const restored = unmark(member, marker);
    // Not an assignment: a member named __proto__ is one like any other.
    if (restored !== member) Object.defineProperty(value, key, { value: restored });
  }
  return value;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member)]),
  );
}

/** Whether a parsed value is a JSON object (not null, an array or a kept number). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
  );
}
