/** Benchmarks of real commands on this host, which acts as the level under test and the client. */
import type { Benchmark, Command, Parsed, Place, Sizes } from '../../fixtures/benchmarks/benchmark.ts';
import { hostMachine } from '../machine/host.ts';
import type { TargetMachines } from './target-machines.ts';

export const target = { address: '127.0.0.1', cpus: 2, clientCpus: 2 };

export const machines: TargetMachines = { target: hostMachine('l1'), client: hostMachine('client') };

export function shell(script: string, on: Place = 'level'): Command {
  return { on, argv: ['sh', '-c', script] };
}

/** The last number in the output. */
function lastNumber(output: string): Parsed {
  const text = /(\d+)\n$/.exec(output)?.[1];
  return text === undefined ? { ok: false, reason: 'no number' } : { ok: true, value: Number(text) };
}

export interface Toy extends Partial<Benchmark> {
  readonly script: string;
  readonly iterations?: number;
  readonly on?: Place;
}

/** A benchmark whose measured command is a shell script that prints its value last. */
export function toy({ script, iterations = 3, on = 'level', ...rest }: Toy): Benchmark {
  const sizes: Sizes = { iterations };
  return {
    name: 'toy',
    unit: 's',
    better: 'lower',
    sizes: { paper: sizes, quick: sizes, smoke: { iterations: 1 } },
    command: () => shell(script, on),
    expectedSeconds: () => 1,
    parse: lastNumber,
    ...rest,
  };
}

/** Shell code that counts how often it ran, in a file: `n` is 1 the first time. */
export function counting(file: string): string {
  return `n=$(($(cat '${file}' 2>/dev/null || echo 0) + 1)); echo $n >'${file}'`;
}
