/** Reads a testbed file, and reports errors with their place in it. */
import { statSync } from 'node:fs';
import path from 'node:path';
import {
  addressesOf,
  hostOf,
  testbedDescription,
  type TestbedDescription,
} from '../../../fixtures/testbed-description.ts';
import { InputError } from '../../lib/errors.ts';
import { reasonOf } from '../../lib/error-text.ts';
import type { OpensshTarget } from '../../machine/ssh/openssh-command.ts';
import { faultLines, parseYaml, readTextFile } from '../../lib/yaml-file.ts';

/**
 * The testbed that `file` describes.
 * @throws {InputError} NESTBENCH_BAD_TESTBED with every fault, its line and its key.
 */
export function readTestbed(file: string): TestbedDescription {
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw bad(
      `The testbed file ${file} can't be read: ${reasonOf(error)}. testbed.example.yaml is one to start from.`,
    );
  }
  const { testbed, lineOf } = checked(text, file);
  if (testbed.sshConfiguration === undefined) return testbed;
  const sshConfiguration = path.resolve(path.dirname(file), testbed.sshConfiguration);
  // OpenSSH reads a directory as an empty configuration.
  if (statSync(sshConfiguration, { throwIfNoEntry: false })?.isFile() !== true) {
    throw bad(
      `The testbed file can't be used:\n${file}:${lineOf('sshConfiguration')}: "sshConfiguration" names ${sshConfiguration}, which is not a file`,
    );
  }
  return { ...testbed, sshConfiguration };
}

/** How one of its machines is reached. */
export function targetOf(
  testbed: TestbedDescription,
  name: 'client' | 'server',
): OpensshTarget & { readonly name: string } {
  const { ssh, port } = testbed[name];
  return { name, destination: ssh, port, configuration: testbed.sshConfiguration };
}

/**
 * @param file its name in messages.
 */
export function parseTestbed(text: string, file: string): TestbedDescription {
  return checked(text, file).testbed;
}

function checked(
  text: string,
  file: string,
): { readonly testbed: TestbedDescription; readonly lineOf: (key: string) => number } {
  const parsed = parseYaml(text, testbedDescription, 'testbed');
  if (!parsed.ok) throw bad(`The testbed file can't be used:\n${faultLines(file, parsed.faults)}`);
  const { value: testbed, lineOf } = parsed;
  if (hostOf(testbed.client) === hostOf(testbed.server)) {
    throw bad(
      `${file}:${lineOf('server.ssh')}: "server.ssh" is "${testbed.server.ssh}", the same host as "client.ssh": a testbed is two machines`,
    );
  }
  const clash = clashOf(testbed);
  if (clash !== undefined) throw bad(`${file}:${lineOf(clash.key)}: "${clash.key}": ${clash.why}`);
  return { testbed, lineOf };
}

function bad(message: string): InputError {
  return new InputError('NESTBENCH_BAD_TESTBED', message);
}

/** Two machines with one address would be measured as one. */
function clashOf(testbed: TestbedDescription): { readonly key: string; readonly why: string } | undefined {
  const addresses = Object.entries(addressesOf(testbed));
  const [, first = ''] = addresses[0] ?? [];
  const network = first.slice(0, first.lastIndexOf('.'));
  for (const [index, [name, address]] of addresses.entries()) {
    const key = keyOf(name);
    const [same] = addresses.slice(0, index).find(([, its]) => its === address) ?? [];
    if (same !== undefined) {
      return { key, why: `${name} has the address ${address}, which ${same} has too` };
    }
    if (address.slice(0, address.lastIndexOf('.')) !== network) {
      return {
        key,
        why: `${name} has the address ${address}, and the private network is ${network}.0/24, as the client's address has it`,
      };
    }
  }
  return undefined;
}

/** The key of a machine's address in the file. */
function keyOf(machine: string): string {
  if (machine === 'client') return 'client.address';
  return machine === 'l0' ? 'server.address' : `levels.${machine}`;
}
