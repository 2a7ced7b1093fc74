/**
 * HTML templates. Every value is text and is escaped, unless it is HTML itself. Names and messages in a journal come
 * from files that anybody may have edited, and from programs; none of them may become markup.
 */

/** Markup that can be inserted into a page unchanged. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = Html | string | number | null | undefined | readonly Content[];

/** The template's own text is markup. null and undefined are empty; a list is the concatenation of its parts. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(
    strings
      // The template is indented for readers of the source; remove that.
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

/** For text and quoted attributes, in HTML and XML. Removes control characters, which XML does not allow. */
export function escape(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
