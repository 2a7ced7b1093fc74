import * as fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { escape, html } from './html.ts';

test('text is escaped, markup is not, and null values are empty', () => {
  const inner = html`<b>${'a < b & "c"'}</b>`;
  expect(html`<p title="${"it's"}">${[inner, 7, null, undefined, '']}</p>`.markup).toBe(
    '<p title="it&#39;s"><b>a &lt; b &amp; &quot;c&quot;</b>7</p>',
  );
});

test('control characters, which XML does not allow, are removed', () => {
  expect(escape('red \u001b[31m\u0000end\ttab\n')).toBe('red [31mend\ttab\n');
});

test('any text can be read back from content and attributes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      const { document } = parseHTML(
        html`<html>
          <body>
            <p title="${text}">${text}</p>
          </body>
        </html>`.markup,
      );
      const paragraph = document.querySelector('p');
      expect(paragraph?.getAttribute('title')).toBe(text);
      expect(paragraph?.textContent).toBe(text);
    }),
  );
});
