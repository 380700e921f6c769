import { isObject } from './json-text.ts';

/** Whether two JSON texts mean the same: key order, white space and the spelling of numbers do not count. */
export function sameJson(a: string, b: string): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}

/** As {@link sameJson}, and the order of an outermost array does not count either. */
export function sameJsonSet(a: string, b: string): boolean {
  return a === b || canonicalSet(a) === canonicalSet(b);
}

/** One text for all JSON texts that mean the same: sorted keys, no white space, numbers in normal form. */
export function canonicalJson(text: string): string {
  return canonical(parseSources(text));
}

function canonicalSet(text: string): string {
  const value = parseSources(text);
  return Array.isArray(value) ? JSON.stringify(value.map(canonical).sort()) : canonical(value);
}

/** Every number as its source text, so that none is compared by its rounded value. */
function parseSources(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
  );
}

function canonical(value: unknown): string {
  if (JSON.isRawJSON(value)) return normalNumber(value.rawJSON);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

/** A JSON number as an integer without trailing zeros and a power of ten: `1.50` and `15e-1` are both `15e-1`. */
function normalNumber(source: string): string {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.slice(sign.length).split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const shift = digits.length - significant.length - fraction.length;
  const power = BigInt(exponent) + BigInt(shift);
  return `${sign}${significant}e${power}`;
}
