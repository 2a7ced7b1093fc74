/** Pieces of GitHub's Markdown. */

/** What Markdown or a table would take for its own (GitHub Flavored Markdown 0.29, sections 2.4 and 4.10), as it is. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|~]/g, String.raw`\$&`).replaceAll('\n', ' ');
}

/** A row of a table; its fields are Markdown already. */
export function tableRow(fields: readonly string[]): string {
  return `| ${fields.join(' | ')} |`;
}
