/** The head of every page: its style, and a policy that forbids scripts and requests. */
import { html, Html } from './html.ts';
import { STYLE } from './style.ts';

export function pageHead(title: string): Html {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width,initial-scale=1" />
    <meta
      http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    />
    <title>${title} · nestbench</title>
    <link rel="icon" href="data:," />
    <style>
      ${new Html(STYLE)}
    </style>
  </head>`;
}
