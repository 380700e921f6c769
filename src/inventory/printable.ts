/**
 * Whatever the API sends may be hostile. These are the characters that a terminal obeys instead of
 * showing: C0 and C1 controls, and the marks that reorder or hide text.
 */
const OBEYED =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text that is safe on a terminal: what it would obey is shown as `\u001b`. */
export function printable(text: string): string {
  return text.replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** {@link printable} for every string inside a value, keys included. */
export function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [printable(key), printableValue(member)]),
  );
}
