/**
 * What a spreadsheet reads as the beginning of a formula, or skips before one: `=`, `+`, `-` and `@`, their full-width
 * forms, tab, carriage return and line feed (OWASP, "CSV Injection").
 */
const FIRST = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/;

/** Whether a spreadsheet that opens a file with this text in a cell might run it. */
export function startsFormula(text: string): boolean {
  return FIRST.test(text);
}
