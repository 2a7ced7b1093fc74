/** TESTBED, as the configuration, the settings and the scripts read it; without modules that each of them would wait for. */

/** The testbed of a run that names none. */
export const EMULATED = 'emulated';

/** What TESTBED names: a testbed, or the file of a physical one. */
export function testbedName(text = ''): string {
  return text.trim() || EMULATED;
}
