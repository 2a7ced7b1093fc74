/**
 * Saves a machine's whole state to a file and loads it, by QEMU's migration (docs/devel/migration in QEMU's source).
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { CommandError } from '../../../lib/errors.ts';
import { quote } from '../../../lib/quote.ts';
import type { Qmp } from '../../../machine/qemu/qmp.ts';
import { waitUntil } from '../../../lib/wait.ts';
import type { Incoming } from '../../../stack/qemu-plan.ts';
import type { SavedAs } from '../stack-plan.ts';

/** 154 MB took 2.1 s (docs/emulated-testbed.md); a machine of the paper's size is 40 times as large. */
const DEADLINE_SECONDS = 300;
/** Once QEMU has sent everything, only the compressor's last blocks are missing. */
const FILE_SECONDS = 30;
const POLL_MS = 20;

/**
 * Bytes per second, far above the rate of zstd: by default QEMU limits itself to 128 MiB/s (MAX_THROTTLE,
 * migration/options.c).
 */
const NO_LIMIT = 2 ** 40;

/**
 * The command that writes a stopped machine's state: with --fast=1, because it is read more often than it is written.
 * (Measured with 549 MB of an L2 stack: 156 MB, read in 0.32 s; with level 1 it is 139 MB and 0.39 s, with --fast=10
 * 239 MB and 0.24 s.) QEMU does not report whether its command succeeded, so the file gets its name only once it is
 * complete.
 */
function compressor({ tools }: SavedAs, part: string, file: string): string {
  const zstd = path.join(tools, 'zstd');
  return `exec:${quote([zstd, '--fast=1', '--quiet', '-o', part])} && ${quote(['mv', part, file])}`;
}

/** Where a QEMU loads the state from. */
export function incoming({ form, tools }: SavedAs, file: string): Incoming {
  if (form === 'pages') return { uri: `file:${file}`, hasPlaces: true };
  const argv = [path.join(tools, 'zstd'), '--decompress', '--stdout', '--quiet', file];
  return { uri: `exec:${quote(argv)}`, hasPlaces: false };
}

/**
 * Writes the state of a stopped machine to `file`.
 * @param log where its QEMU's output goes, and that of the compressor, which QEMU starts.
 * @throws NESTBENCH_COMMAND_FAILED with the compressor's reason, or else QEMU's.
 */
export async function migrateTo(
  file: string,
  machine: string,
  options: {
    readonly saved: SavedAs;
    readonly qmp: Qmp;
    readonly log: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { saved, qmp, signal } = options;
  const part = `${file}.part`;
  const what = `${machine}'s state to be written to ${file}`;
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': NO_LIMIT });
  if (saved.form === 'compressed') return compress(file, machine, what, { ...options, part });
  const capabilities = [{ capability: 'mapped-ram', state: true }];
  await qmp.execute('migrate-set-capabilities', { capabilities });
  await qmp.execute('migrate', { uri: `file:${part}` });
  await waitForMigration(what, machine, qmp, signal);
  await rename(part, file);
}

async function compress(
  file: string,
  machine: string,
  what: string,
  {
    part,
    saved,
    qmp,
    log,
    signal,
  }: {
    readonly part: string;
    readonly saved: SavedAs;
    readonly qmp: Qmp;
    readonly log: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const before = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const assertSilent = (cause?: unknown): void => {
    const said = writerWords(log, before);
    if (said === '') return;
    throw new CommandError({
      message: `The state of ${machine} could not be written to ${file}: ${said}.`,
      machine,
      cause,
    });
  };
  await qmp.execute('migrate', { uri: compressor(saved, part, file) });
  try {
    await waitForMigration(what, machine, qmp, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    // QEMU only knows that nobody reads any more.
    assertSilent(thrown);
    throw thrown;
  }
  const written = (): true | undefined => {
    if (existsSync(file)) return true;
    assertSilent();
    return undefined;
  };
  await waitUntil(what, written, {
    machine: 'host',
    deadlineSeconds: FILE_SECONDS,
    intervalMs: POLL_MS,
    signal,
  });
}

/** What the commands of `compressor` printed in a log, from that byte on. */
function writerWords(log: string, from: number): string {
  if (!existsSync(log)) return '';
  const lines = readFileSync(log).subarray(from).toString().split('\n');
  return lines.filter((line) => /^(zstd|mv): /.test(line)).join('; ');
}

/** Waits until a machine that was started with -incoming has loaded its state. It is then stopped. */
export function loaded(machine: string, qmp: Qmp, signal: AbortSignal): Promise<void> {
  return waitForMigration(`${machine}'s state to be read`, machine, qmp, signal);
}

async function waitForMigration(what: string, machine: string, qmp: Qmp, signal: AbortSignal): Promise<void> {
  await waitUntil(
    what,
    async ({ saw }) => {
      const found = await qmp.execute('query-migrate');
      saw(`QEMU calls it ${found.status ?? 'not begun'}.`);
      if (found.status === 'completed') return true;
      if (found.status !== 'failed' && found.status !== 'cancelled') return undefined;
      throw new CommandError({
        message: `QEMU gave up while waiting for ${what}: ${found['error-desc'] ?? 'it gave no reason'}.`,
        machine,
      });
    },
    { machine, deadlineSeconds: DEADLINE_SECONDS, intervalMs: POLL_MS, signal },
  );
}
