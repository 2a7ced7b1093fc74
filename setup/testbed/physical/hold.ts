/** Holds a physical machine for one run: another nestbench's clean-up would end what this one measures. */
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { TestbedBusyError } from '../../lib/errors.ts';
import { ConnectionError } from '../../machine/machine-errors.ts';
import { userName } from '../../lib/user.ts';
import { LineSplitter } from '../../lib/lines.ts';
import { openOpenssh, type OpensshTarget } from '../../machine/ssh/openssh-command.ts';
import { withDeadline } from '../../lib/wait.ts';

/** On a file system that is empty after a boot. Held while standard input is open, so a killed run frees it. */
const HOLD = `
exec 9<>/run/nestbench.lock
# A killed run frees the lock once sshd notices that its connection is gone.
if flock --timeout 10 9; then
  echo "$1" >&9
  echo held
  cat >/dev/null
else
  echo "busy $(head -n 1 /run/nestbench.lock)"
fi`;
const SECONDS = 60;

/**
 * Disposing frees it; a reboot of the machine does too.
 * @throws NESTBENCH_TESTBED_BUSY with who holds it.
 */
export async function holdMachine(
  name: string,
  target: OpensshTarget,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const who = `${userName()}@${hostname()}, process ${process.pid}`;
  const stream = openOpenssh(target, ['sh', '-c', HOLD, 'sh', who]);
  const line = await withDeadline('its lock', SECONDS, signal, () => answer(stream), name).catch(
    (error: unknown) => {
      stream.destroy();
      throw error;
    },
  );
  if (line === 'held') {
    return {
      async [Symbol.asyncDispose]() {
        const closed = stream.closed ? undefined : once(stream, 'close');
        stream.destroy();
        await closed;
      },
    };
  }
  stream.destroy();
  if (line === undefined)
    throw new ConnectionError({
      message: `${name} (${target.destination}) closed the connection before it could be held.`,
      machine: name,
    });
  throw new TestbedBusyError({
    message: `${name} (${target.destination}) is held by another run of nestbench (${line.slice('busy '.length)}). Wait for that run, or end it.`,
    machine: name,
  });
}

/** `held`, or `busy` and by whom, among whatever root's shell prints; undefined without either. */
async function answer(stream: Duplex): Promise<string | undefined> {
  const lines = new LineSplitter();
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const said = lines.push(chunk).find((line) => line === 'held' || line.startsWith('busy '));
    if (said !== undefined) return said;
  }
  return undefined;
}
