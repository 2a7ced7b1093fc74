/** Escapes what has a meaning in Markdown or in a table (GitHub Flavored Markdown 0.29, sections 2.4 and 4.10). */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|~]/g, String.raw`\$&`).replaceAll('\n', ' ');
}

/** A row of a table. Its fields are already Markdown. */
export function tableRow(fields: readonly string[]): string {
  return `| ${fields.join(' | ')} |`;
}
