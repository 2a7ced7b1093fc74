/** TESTBED, as the configuration, the global setup and the scripts read it; without modules that each of them would wait for. */

/** The file of a physical testbed that was named; undefined where none was, or the emulated one. */
export function testbedFileOf(text: string | undefined): string | undefined {
  return text === 'emulated' || text === '' ? undefined : text;
}
