/** Keeps a physical machine for one run: another nestbench's sweep would end what this one measures. */
import { once } from 'node:events';
import { hostname, userInfo } from 'node:os';
import type { Duplex } from 'node:stream';
import { NestbenchError } from '../../errors.ts';
import { LineSplitter } from '../../machine/lines.ts';
import { openOpenssh, type OpensshTarget } from '../../machine/openssh.ts';
import { withDeadline } from '../../machine/wait.ts';

/** On a file system that is empty after a boot. Held for as long as standard input is open: so a killed run lets go. */
const HOLD = `
exec 9<>/run/nestbench.lock
# A run that was just killed lets go as soon as its connection is seen to be gone.
if flock --timeout 10 9; then
  echo "$1" >&9
  echo held
  cat >/dev/null
else
  echo "busy $(head -n 1 /run/nestbench.lock)"
fi`;
const SECONDS = 60;

/**
 * Disposing lets it go; a reboot of the machine does too.
 * @throws NESTBENCH_TESTBED_BUSY with who has it.
 */
export async function holdMachine(
  name: string,
  target: OpensshTarget,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const who = `${userInfo().username}@${hostname()}, process ${process.pid}`;
  const stream = openOpenssh(target, ['sh', '-c', HOLD, 'sh', who]);
  const [line] = await withDeadline('its lock', SECONDS, signal, () => firstLines(stream), name).catch(
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
  const why = line?.startsWith('busy ')
    ? `is held by another run of nestbench (${line.slice('busy '.length)}). Wait for that run, or end it`
    : 'closed the connection before it could be held. Try again';
  throw new NestbenchError(
    'NESTBENCH_TESTBED_BUSY',
    'infrastructure',
    `${name} (${target.destination}) ${why}.`,
    {
      machine: name,
    },
  );
}

/** What comes first, up to the end of a line; empty where nothing does. */
async function firstLines(stream: Duplex): Promise<string[]> {
  const lines = new LineSplitter();
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const whole = lines.push(chunk);
    if (whole.length > 0) return whole;
  }
  return [];
}
