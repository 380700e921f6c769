import { STYLE_SOURCE } from './style.ts';

/** What every answer says to a browser: nothing here may be framed, kept, guessed at or loaded by another site. */
const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const NOTHING = ["default-src 'none'"];
const NO_USE = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];

/** The headers of an answer that shows nothing, or of the page with its style sheet. */
export const PLAIN_HEADERS = withPolicy([...NOTHING, ...NO_USE]);
export const PAGE_HEADERS = withPolicy([...NOTHING, `style-src ${STYLE_SOURCE}`, ...NO_USE]);

function withPolicy(directives: readonly string[]): Readonly<Record<string, string>> {
  return { ...ALWAYS, 'Content-Security-Policy': directives.join('; ') };
}
