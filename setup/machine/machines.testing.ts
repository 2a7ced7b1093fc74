/** Every kind of machine, for tests of what all of them must do. */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { hostMachine } from './host.ts';
import type { Machine } from './machine.ts';
import { connectOpenssh } from './ssh/openssh.ts';
import { testSshd, type TestSshd, whyNoSshd } from './ssh/sshd.testing.ts';

/**
 * Describes this host, a machine behind a real sshd, and one reached by OpenSSH's client; `machine()` is for use within
 * tests.
 */
export function describeMachines(tests: (machine: () => Machine, name: string) => void): void {
  describe.each(['host', 'l1', 'server'])('%s', (name) => {
    const whyNot = name === 'host' ? undefined : whyNoSshd();
    let sshd: TestSshd | undefined;
    let machine: Machine = hostMachine();

    beforeAll(async () => {
      if (name === 'host' || whyNot !== undefined) return;
      sshd = await testSshd();
      machine =
        name === 'l1'
          ? await sshd.machine({ deadlineSeconds: 60 })
          : await connectOpenssh({
              name,
              destination: 'here',
              configuration: sshd.openssh.configuration,
              signal: new AbortController().signal,
              deadlineSeconds: 60,
            });
    }, 90_000);
    afterAll(async () => {
      await machine[Symbol.asyncDispose]();
      await sshd?.[Symbol.asyncDispose]();
    });
    beforeEach((context) => context.skip(whyNot !== undefined, whyNot));

    tests(() => machine, name);
  });
}
