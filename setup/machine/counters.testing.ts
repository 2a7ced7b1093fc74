/** The real program that counts, compiled for this host and reading counters from a test's own files. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { connectCounters, type Counters } from './counters.ts';
import { guestProgram } from './guest-program.testing.ts';
import { hostMachine } from './host.ts';

export interface CountersProgram {
  readonly process: ChildProcess;
  readonly socket: string;
  /** Sets a counter, in a file like debugfs's. */
  readonly set: (counter: string, value: number | string) => void;
  readonly connect: (name?: string) => Promise<Counters>;
}

/** Runs until the end of the test. */
export function countersProgram(): CountersProgram {
  const directory = temporaryDirectory();
  const kvm = path.join(directory, 'kvm');
  // KVM has a directory for each virtual machine, named after its process and file descriptor.
  mkdirSync(path.join(kvm, '123-11'), { recursive: true });
  const { process: running, socket } = guestProgram('counters', directory, [kvm]);
  return {
    process: running,
    socket,
    set: (counter, value) => writeFileSync(path.join(kvm, counter), `${value}\n`),
    connect: async (name = 'l0') => {
      const machine = { ...hostMachine(name) };
      const counters = await connectCounters(machine, new AbortController().signal, { socket });
      onTestFinished(() => counters[Symbol.dispose]());
      return counters;
    },
  };
}
