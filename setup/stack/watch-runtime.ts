/**
 * Notices that somebody removes the sockets of a running stack, as a cleaner of temporary files may. QEMU does not: its
 * packets to the other machine are lost from then on, and a benchmark waits for its deadline.
 */
import { type Dirent, readdirSync, watch } from 'node:fs';
import { NestbenchError } from '../lib/errors.ts';

/** How the names of its ends begin (stack-plan.ts of the emulated testbed). */
const WIRE = 'wire.';

/** The runtime directory of a running stack, or a socket in it, was removed. */
export class RuntimeGoneError extends NestbenchError {
  override readonly code = 'NESTBENCH_RUNTIME_GONE';
  override readonly kind = 'infrastructure';
}

/** @param onGone called once, unless it is disposed before. QEMUs remove their sockets when they end. */
export function watchRuntime(runtime: string, onGone: (error: RuntimeGoneError) => void): Disposable {
  const seen = new Set<string>();
  const look = (): void => {
    const there = socketsIn(runtime);
    const gone = [...seen].filter((name) => !there?.includes(name));
    for (const name of there ?? []) seen.add(name);
    if (gone.length === 0) return;
    watcher?.close();
    onGone(goneError(runtime, there === undefined ? undefined : gone));
  };
  const watcher = watcherOf(runtime, look);
  look();
  return { [Symbol.dispose]: () => watcher?.close() };
}

/** Without one (inotify(7) has limits), the loss is noticed later. */
function watcherOf(runtime: string, onChange: () => void): ReturnType<typeof watch> | undefined {
  try {
    return watch(runtime, { persistent: false }, onChange).on('error', () => {});
  } catch {
    return undefined;
  }
}

/** Undefined without such a directory. */
function socketsIn(runtime: string): string[] | undefined {
  let entries: Dirent[];
  try {
    entries = readdirSync(runtime, { withFileTypes: true });
  } catch {
    return undefined;
  }
  return entries.filter((entry) => entry.isSocket()).map(({ name }) => name);
}

function goneError(runtime: string, gone: readonly string[] | undefined): RuntimeGoneError {
  const what =
    gone === undefined
      ? `The runtime directory ${runtime}, which has the sockets of the machines and of the wire between them, was removed while they ran`
      : `${gone.join(' and ')} in the runtime directory ${runtime} ${gone.length === 1 ? 'was' : 'were'} removed while the machines ran`;
  const isWire = gone?.some((name) => name.startsWith(WIRE)) === true;
  const effect = isWire ? ', so client and server no longer reach each other over the wire' : '';
  return new RuntimeGoneError({
    message: `${what}${effect}. Keep what cleans up temporary files away from there, or set TMPDIR to another place.`,
    machine: 'host',
  });
}
