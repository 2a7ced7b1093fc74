/** Reads a testbed file, and reports errors with their place in it. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
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
  const fileOf = (key: string, name: string, whyNot = whyUnreadable): string => {
    const resolved = path.resolve(path.dirname(file), name.replace(/^~(?=\/)/, homedir()));
    const why = whyNot(resolved);
    if (why === undefined) return resolved;
    throw bad(`The testbed file can't be used:\n${file}:${lineOf(key)}: "${key}" names ${resolved}, ${why}`);
  };
  const images = Object.entries(testbed.images).flatMap(([level, image]) => {
    if (image === undefined) return [];
    const own = fileOf(`images.${level}.file`, image.file);
    const key = fileOf(`images.${level}.key`, image.key, whyNoKey);
    return [[level, { ...image, file: own, key }] as const];
  });
  return {
    ...testbed,
    ...(testbed.sshConfiguration !== undefined && {
      sshConfiguration: fileOf('sshConfiguration', testbed.sshConfiguration),
    }),
    images: Object.fromEntries(images),
  };
}

/** OpenSSH reads a directory as an empty configuration. */
function whyUnreadable(file: string): string | undefined {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return 'which is not a file';
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return `which can't be read: ${reasonOf(error)}`;
  }
}

/** Nobody is asked for a passphrase. */
function whyNoKey(file: string): string | undefined {
  const why = whyUnreadable(file);
  if (why !== undefined) return why;
  const key = ssh2.utils.parseKey(readFileSync(file));
  if (key instanceof Error)
    return `which is not a private key that can be used without a passphrase (${key.message})`;
  return key.isPrivateKey() ? undefined : 'which is a public key: name the private one';
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
  const without = Object.keys(testbed.images).find((level) => !hasKernel(testbed, level));
  if (without !== undefined) {
    throw bad(
      `${file}:${lineOf(`images.${without}`)}: "images.${without}" needs a kernel from git for ${without}, because nestbench's own only has what its own image needs: name one under "software.${without}.kernel", or set "software: paper"`,
    );
  }
  const clash = clashOf(testbed);
  if (clash !== undefined) throw bad(`${file}:${lineOf(clash.key)}: "${clash.key}": ${clash.why}`);
  return { testbed, lineOf };
}

function hasKernel({ software }: TestbedDescription, level: string): boolean {
  if (typeof software === 'string') return software === 'paper';
  return Object.entries(software).some(([name, its]) => name === level && its?.kernel !== undefined);
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
