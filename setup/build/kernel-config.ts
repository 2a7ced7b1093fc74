/** The options that kernel.config asks for, and whether kconfig granted them. */

const SET = /^(CONFIG_\w+)=(.+)$/;
const UNSET = /^# (CONFIG_\w+) is not set$/;

/** Every option that a configuration names, with its value; `n` where it says that it is not set. */
export function parseConfig(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const set = SET.exec(line);
    const unset = UNSET.exec(line);
    if (set?.[1] !== undefined && set[2] !== undefined) options.set(set[1], set[2]);
    else if (unset?.[1] !== undefined) options.set(unset[1], 'n');
  }
  return options;
}

/**
 * kconfig drops an option that it does not know, or whose dependencies are not met, without a word.
 * @returns a line for each option of the fragment that the resulting .config does not hold as asked.
 */
export function unmetOptions(fragment: string, config: string): string[] {
  const granted = parseConfig(config);
  const unmet: string[] = [];
  for (const [option, wanted] of parseConfig(fragment)) {
    // An option that nothing makes visible is not in the .config at all, which is as good as not set.
    const found = granted.get(option) ?? 'n';
    if (found !== wanted) unmet.push(`${option}: asked for ${wanted}, got ${found}`);
  }
  return unmet;
}
