/**
 * The rate of the host's TSC. Under TCG a guest's TSC is the host's (cpu_get_host_ticks in QEMU's
 * include/qemu/timer.h), and a guest's kernel calibrates it against emulated timers: on a loaded host the result was
 * wrong by a factor of two. So the rate is measured once on the host and passed to the guests' kernels.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import path from 'node:path';
import { type Artefact, cacheDirectory } from '../../build/cache/build-cache.ts';
import { sha256 } from '../../lib/hash.ts';
import { runInside } from '../../build/toolchain/inside.ts';
import { cachedInside, DEFAULT_SUITE, versionsIn } from '../../build/toolchain/toolchain.ts';
import { CheckError } from '../../lib/errors.ts';
import { hostMachine } from '../../machine/host.ts';
import { writeWhole } from '../../lib/write-whole.ts';

const SECONDS = 60;
/**
 * Rounded so that the same host gives the same kernel command line: 100 kHz are about 40 millionths of a TSC's rate.
 */
const ROUND_KHZ = 100;

/** In kHz, rounded; undefined if QEMU's emulated TSC is not the host's (processors other than x86). */
export async function measureTscKhz(signal: AbortSignal): Promise<number | undefined> {
  if (arch() !== 'x64') return undefined;
  const { directory } = await buildTscProgram(signal);
  const argv = [path.join(directory, 'tsc')];
  const measured = parseTscKhz(await hostMachine().check(argv, { signal, deadlineSeconds: SECONDS }));
  // A rate near the middle of two rounded ones would alternate between them, so the first is kept.
  const file = path.join(cacheDirectory(), 'tsc-khz');
  const before = existsSync(file) ? Number(readFileSync(file, 'utf8')) : NaN;
  if (Math.abs(before - measured) <= ROUND_KHZ) return before;
  writeWhole(file, `${measured}\n`);
  return measured;
}

/** The program that measures, from the cache or built now. */
export async function buildTscProgram(signal: AbortSignal): Promise<Artefact> {
  const source = path.join(import.meta.dirname, 'tsc.c');
  const text = await readFile(source);
  return cachedInside(DEFAULT_SUITE, signal, (toolchain) => ({
    name: 'tsc',
    inputs: {
      source: sha256(text),
      toolchain: toolchain.hash,
      tools: versionsIn(toolchain, /^(gcc-\d+|binutils|libc6-dev)$/),
    },
    signal,
    async build({ directory: place, log, signal: within }) {
      await runInside(toolchain, ['gcc', '-O2', '-static', '-o', '/build/tsc', '/tsc.c'], {
        purpose: "compiling what measures the TSC's rate",
        log,
        signal: within,
        binds: { '/build': place, '/tsc.c': source },
      });
      return {};
    },
  }));
}

/**
 * @throws NESTBENCH_CHECK_FAILED if it is not a plausible rate of a TSC (0.1 to 20 GHz).
 */
export function parseTscKhz(text: string): number {
  const khz = Math.round(Number(text.trim()) / ROUND_KHZ) * ROUND_KHZ;
  if (khz >= 100_000 && khz <= 20_000_000) return khz;
  throw new CheckError({
    message: `The rate of this host's TSC was measured as "${text.trim()}" kHz, which no TSC has.`,
    machine: 'host',
    output: text,
  });
}
