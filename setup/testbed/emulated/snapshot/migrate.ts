/**
 * Saves a machine's whole state to a file and loads it, by QEMU's migration (docs/devel/migration in QEMU's source).
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { CommandError } from '../../../lib/errors.ts';
import { quote } from '../../../lib/quote.ts';
import type { Qmp } from '../../../machine/qemu/qmp.ts';
import { waitUntil } from '../../../lib/wait.ts';
import type { SavedAs } from '../stack-plan.ts';

/** 154 MB, compressed, took 2.1 s (docs/emulated-testbed.md); a machine of the paper's size is 40 times as large. */
const DEADLINE_SECONDS = 300;
/** Once QEMU has sent everything, only the compressor's last blocks are missing. */
const FILE_SECONDS = 30;
const POLL_MS = 20;

/**
 * Bytes per second, far above the rate of a disk and of zstd: by default QEMU limits itself to 128 MiB/s (MAX_THROTTLE,
 * migration/options.c).
 */
const NO_LIMIT = 2 ** 40;

interface MigrateOptions {
  readonly saved: SavedAs;
  readonly qmp: Qmp;
  /** Where its QEMU's output goes, and that of the compressor, which QEMU starts. */
  readonly log: string;
  readonly signal: AbortSignal;
}

/** Where a QEMU loads the state from. */
export function incoming({ form, tools }: SavedAs, file: string): string {
  if (form === 'pages') return `file:${file}`;
  return `exec:${quote([path.join(tools, 'zstd'), '--decompress', '--stdout', '--quiet', file])}`;
}

/**
 * Writes the state of a stopped machine to `file`, which gets its name once it is complete.
 * @throws NESTBENCH_COMMAND_FAILED with the compressor's reason, or else QEMU's.
 */
export async function migrateTo(file: string, machine: string, options: MigrateOptions): Promise<void> {
  const { saved, qmp } = options;
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': NO_LIMIT });
  await (saved.form === 'pages' ? writePages(file, machine, options) : compress(file, machine, options));
}

async function writePages(file: string, machine: string, { qmp, signal }: MigrateOptions): Promise<void> {
  const capabilities = [{ capability: 'mapped-ram', state: true }];
  await qmp.execute('migrate-set-capabilities', { capabilities });
  await qmp.execute('migrate', { uri: `file:${partOf(file)}` });
  await waitForMigration(toWrite(machine, file), machine, qmp, signal);
  await using handle = await open(partOf(file), 'r+');
  // Now, and not during the samples of the next cell: the kernel would write a gigabyte meanwhile.
  await handle.datasync();
  await rename(partOf(file), file);
}

/**
 * With --fast=1, because it is read more often than it is written. (Measured with 549 MB of an L2 stack: 156 MB, read in
 * 0.32 s; with level 1 it is 139 MB and 0.39 s, with --fast=10 239 MB and 0.24 s.) QEMU does not report whether its
 * command succeeded; the name of the file does.
 */
async function compress(
  file: string,
  machine: string,
  { saved, qmp, log, signal }: MigrateOptions,
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
  const zstd = [path.join(saved.tools, 'zstd'), '--fast=1', '--quiet', '-o', partOf(file)];
  await qmp.execute('migrate', { uri: `exec:${quote(zstd)} && ${quote(['mv', partOf(file), file])}` });
  try {
    await waitForMigration(toWrite(machine, file), machine, qmp, signal);
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
  await waitUntil(toWrite(machine, file), written, {
    machine: 'host',
    deadlineSeconds: FILE_SECONDS,
    intervalMs: POLL_MS,
    signal,
  });
}

function partOf(file: string): string {
  return `${file}.part`;
}

function toWrite(machine: string, file: string): string {
  return `${machine}'s state to be written to ${file}`;
}

/** What zstd and mv printed in a log, from that byte on. */
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
