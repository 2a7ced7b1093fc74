/** A physical testbed of two disk machines on a private wire, with its testbed file, and nestbench's use of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { both } from '../../../setup/lib/both.ts';
import { REPOSITORY } from '../run.testing.ts';
import { connectOpenssh } from '../../../setup/machine/ssh/openssh.ts';
import type { SshMachine } from '../../../setup/machine/ssh/ssh.ts';
import {
  baseImage,
  bootDiskMachine,
  type DiskMachine,
  type DiskMachineOptions,
} from '../../../setup/testbed/physical/disk-machine.testing.ts';

type Name = 'client' | 'server';

/** A test's changes to the testbed file. */
type Changes = { readonly [key in Name]?: Partial<TestbedDescription[key]> } & Partial<
  Omit<TestbedDescription, Name>
>;

export interface TwoMachines extends AsyncDisposable {
  readonly client: DiskMachine;
  readonly server: DiskMachine;
  /** An OpenSSH client's configuration for both. */
  readonly configuration: string;
  connect(name: Name): Promise<SshMachine>;
  /**
   * Writes a testbed file.
   * @returns its name.
   */
  describe(changes?: Changes): string;
  /** Runs one of nestbench's scripts, as a user does. */
  script(
    words: readonly string[],
    changes?: Changes,
  ): Promise<{ exitCode: number | undefined; output: string }>;
}

const CONNECT_SECONDS = 120;

/**
 * @param card the server's on the private network.
 */
export async function bootTwoMachines(
  signal: AbortSignal,
  card: DiskMachineOptions['card'] = 'virtio',
): Promise<TwoMachines> {
  const directory = mkdtempSync(path.join(tmpdir(), 'nb-two-'));
  const wire = (own: Name, other: Name) => ({
    local: path.join(directory, `wire.${own}`),
    remote: path.join(directory, `wire.${other}`),
  });
  // Created once.
  await baseImage(signal);
  if (card !== 'virtio') await baseImage(signal, card);
  await using booted = new AsyncDisposableStack();
  booted.defer(() => rmSync(directory, { recursive: true }));
  const boot = async (options: DiskMachineOptions): Promise<DiskMachine> =>
    booted.use(await bootDiskMachine(options));
  const [server, client] = await both(
    boot({ name: 'server', card, wire: wire('server', 'client'), signal }),
    boot({ name: 'client', wire: wire('client', 'server'), signal, memoryMiB: 2048 }),
  );
  const configuration = path.join(directory, 'ssh_config');
  writeFileSync(
    configuration,
    [server, client].map((machine) => readFileSync(machine.configuration, 'utf8')).join('\n'),
  );
  const machines = booted.move();
  let files = 0;
  const describe = (changes: Changes = {}): string => {
    const file = path.join(directory, `testbed-${++files}.yaml`);
    const machine = (name: Name, { interface: nic }: DiskMachine) => ({
      ssh: name,
      interface: nic,
      ...changes[name],
    });
    writeFileSync(
      file,
      stringify({
        sshConfiguration: configuration,
        // Never a container engine, whose images would come from a registry.
        builder: 'host',
        ...changes,
        client: machine('client', client),
        server: machine('server', server),
      }),
    );
    return file;
  };
  return {
    client,
    server,
    configuration,
    describe,
    connect: (name) =>
      connectOpenssh({
        destination: name,
        configuration,
        name,
        signal,
        deadlineSeconds: CONNECT_SECONDS,
      }),
    async script([name = '', ...words], changes) {
      const { exitCode, all } = await execa(
        'node_modules/.bin/node',
        [`scripts/${name}.ts`, ...words, '--testbed', describe(changes)],
        { cwd: REPOSITORY, all: true, reject: false },
      );
      return { exitCode, output: all };
    },
    [Symbol.asyncDispose]: () => machines.disposeAsync(),
  };
}
