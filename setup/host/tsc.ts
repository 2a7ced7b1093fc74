/**
 * The rate of the host's TSC. Under TCG a guest's TSC is the host's (cpu_get_host_ticks in QEMU's
 * include/qemu/timer.h), and a guest's kernel calibrates it against emulated timers: on a loaded host that went wrong
 * by a factor of two here. So the rate is measured once on the host and given to the guests' kernels.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import path from 'node:path';
import { NestbenchError } from '../errors.ts';
import { hostMachine } from '../machine/host.ts';

const SECONDS = 60;
/** So that the same host gives the same kernel command line: 100 kHz are some 40 millionths of a TSC's rate. */
const ROUND_KHZ = 100;

/** In kHz, rounded; undefined where QEMU's emulated TSC is not the host's (other processors than x86). */
export async function measureTscKhz(signal: AbortSignal): Promise<number | undefined> {
  if (arch() !== 'x64') return undefined;
  const host = hostMachine();
  const directory = await mkdtemp(path.join(tmpdir(), 'nestbench-tsc-'));
  try {
    const program = path.join(directory, 'tsc');
    const source = path.join(import.meta.dirname, 'tsc.c');
    await host.check(['gcc', '-O2', '-o', program, source], { signal, deadlineSeconds: SECONDS });
    const text = await host.check([program], { signal, deadlineSeconds: SECONDS });
    return parseTscKhz(text);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws NESTBENCH_CHECK_FAILED where it is no rate that a TSC has (0.1 to 20 GHz). */
export function parseTscKhz(text: string): number {
  const khz = Math.round(Number(text.trim()) / ROUND_KHZ) * ROUND_KHZ;
  if (khz >= 100_000 && khz <= 20_000_000) return khz;
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'infrastructure',
    `The rate of this host's TSC was measured as "${text.trim()}" kHz, which no TSC has.`,
    { machine: 'host', output: text },
  );
}
