/** A cell's worker that something else has ended, such as a kernel whose memory ran out. */

/** What Vitest says of it (PoolRunner.emitUnexpectedExit). */
const UNEXPECTED =
  /^Worker exited unexpectedly (?:with (?<how>.+) )?during \w+ state while running test file .*\/(?<suite>suites\/.+)$/;

/** @returns a sentence about the worker; undefined for any other error. */
function describeLostWorker({ cause }: { readonly cause?: unknown }): string | undefined {
  const message =
    cause !== null && typeof cause === 'object' && 'message' in cause ? cause.message : undefined;
  const found = UNEXPECTED.exec(String(message))?.groups;
  if (found === undefined) return undefined;
  const { how = 'without a reason', suite } = found;
  return `The worker that ran ${suite} ended too early (${how}). If nobody killed it, dmesg says whether memory ran out. What was measured is in the journal; npm run resume -- latest measures the rest.`;
}

/** Vitest's `onUnhandledError`: a lost worker fails the run with a sentence instead of a stack trace. */
export function onUnhandledError(error: { readonly cause?: unknown }): boolean {
  const sentence = describeLostWorker(error);
  if (sentence === undefined) return true;
  console.error(sentence);
  process.exitCode = 1;
  return false;
}
