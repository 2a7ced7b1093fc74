/** TESTBED, for the configuration, the settings and the scripts, without slow imports. */

/** The default testbed. */
export const EMULATED = 'emulated';

/** What TESTBED names: a testbed, or the file of a physical one. */
export function testbedName(text = ''): string {
  return text.trim() || EMULATED;
}
