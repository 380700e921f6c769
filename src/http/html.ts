import { printable } from '../inventory/printable.ts';

/** What a template may be given: text, which is escaped, or HTML, which stays as it is. `undefined` is nothing. */
export type Content = string | number | Html | readonly Html[] | undefined;

/** HTML that is safe, since only this file makes it. */
export class Html {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** See {@link html}. */
  static fromTemplate(strings: TemplateStringsArray, contents: readonly Content[]): Html {
    return new Html(String.raw({ raw: strings }, ...contents.map(markup)));
  }

  /** A style sheet of this program's own: it is not escaped. */
  static styleSheet(css: string): Html {
    return new Html(`<style>${css}</style>`);
  }

  toString(): string {
    return this.#text;
  }
}

/**
 * HTML from a template. Every text that is put in is escaped, for an attribute in quotes as well, and what would
 * reorder or hide its surroundings is shown as `\u202e`.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return Html.fromTemplate(strings, contents);
}

function markup(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'object') return content.join('');
  return escape(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return printable(text.toWellFormed()).replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? '');
}
