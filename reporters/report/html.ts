/**
 * HTML as a template: everything that is put in is text, and escaped, unless it is HTML itself. Names and messages in a
 * journal come from files that anybody may have edited, and from programs; none of them may become markup.
 */

/** Markup that is safe to put into a page as it is. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = Html | string | number | null | undefined | readonly Content[];

/** The template's own text is markup; null and undefined are nothing; a list is its parts, one after another. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(
    strings
      // The template's lines are broken and indented for whoever reads our code.
      .map((string) => string.replaceAll(/\n\s*/g, '\n'))
      .map((string, index) => string + (index < values.length ? markupOf(values[index]) : ''))
      .join(''),
  );
}

function markupOf(content: Content): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Html) return content.markup;
  if (typeof content === 'string' || typeof content === 'number') return escape(String(content));
  return content.map(markupOf).join('');
}

/** For text and for quoted attributes, of HTML and of XML; control characters, which XML has none of, are dropped. */
export function escape(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
