/** Reads a testbed file, and says of what is wrong in it where that stands. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument, isMap, isScalar, type Document } from 'yaml';
import type { z } from 'zod';
import { addressesOf, testbedDescription, type TestbedDescription } from '../../../fixtures/testbed.ts';
import { InputError } from '../../errors.ts';
import { reasonOf } from '../../machine/failures.ts';
import type { OpensshTarget } from '../../machine/openssh.ts';

/**
 * The testbed that `file` describes.
 * @throws {InputError} NESTBENCH_BAD_TESTBED with every fault, its line and its key.
 */
export function readTestbed(file: string): TestbedDescription {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw bad(
      `The testbed file ${file} can't be read: ${reasonOf(error)}. testbed.example.yaml is one to start from.`,
    );
  }
  const testbed = parseTestbed(text, file);
  const { sshConfiguration } = testbed;
  return sshConfiguration === undefined
    ? testbed
    : { ...testbed, sshConfiguration: path.resolve(path.dirname(file), sshConfiguration) };
}

/** How one of its machines is reached. */
export function targetOf(
  testbed: TestbedDescription,
  name: 'client' | 'server',
): OpensshTarget & { readonly name: string } {
  const { ssh, port } = testbed[name];
  return { name, destination: ssh, port, configuration: testbed.sshConfiguration };
}

/** @param file how it is named in what is said of it. */
export function parseTestbed(text: string, file: string): TestbedDescription {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw bad(
      faultsOf(
        file,
        document.errors.map(({ pos, message }) => [lineAt(lines, pos[0]), message]),
      ),
    );
  }
  const parsed = testbedDescription.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    throw bad(
      faultsOf(
        file,
        parsed.error.issues.flatMap((issue) => wordsOf(document, lines, issue)),
      ),
    );
  }
  const clash = clashOf(parsed.data);
  if (clash !== undefined) throw bad(`${file}: ${clash}`);
  return parsed.data;
}

type Fault = readonly [line: number, message: string];

function bad(message: string): InputError {
  return new InputError('NESTBENCH_BAD_TESTBED', message);
}

function faultsOf(file: string, faults: readonly Fault[]): string {
  const lines = faults
    .toSorted(([one], [other]) => one - other)
    .map(([line, message]) => `${file}:${line}: ${message}`);
  return `The testbed file can't be used:\n${lines.join('\n')}`;
}

function lineAt(lines: LineCounter, offset: number): number {
  return Math.max(1, lines.linePos(offset).line);
}

/** An unknown key stands on a line of its own; of a missing one, the line of what it is missing in is told. */
function wordsOf(document: Document, lines: LineCounter, issue: z.core.$ZodIssue): Fault[] {
  const keys = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key): Fault => {
      const name = [...keys, key].join('.');
      return [lineOf(document, lines, [...keys, key]), `"${name}" is no key of a testbed`];
    });
  }
  const isMissing = issue.code === 'invalid_type' && document.getIn(keys) === undefined;
  const why = isMissing ? 'is missing' : `is ${shown(document.getIn(keys))}: ${issue.message}`;
  return [[lineOf(document, lines, keys), `"${keys.join('.')}" ${why}`]];
}

function shown(value: unknown): string {
  return value === null ? 'empty' : typeof value === 'object' ? 'not right' : JSON.stringify(value);
}

/** The line of the key at `path`, or of the nearest that is there. */
function lineOf(document: Document, lines: LineCounter, keys: readonly string[]): number {
  for (let length = keys.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(keys.slice(0, length - 1), true);
    const pair =
      isMap(parent) && parent.items.find(({ key }) => isScalar(key) && key.value === keys[length - 1]);
    const offset = pair && isScalar(pair.key) ? pair.key.range?.[0] : undefined;
    if (offset !== undefined) return lineAt(lines, offset);
  }
  return 1;
}

/** Two machines of one address would be measured as one. */
function clashOf(testbed: TestbedDescription): string | undefined {
  const addresses = Object.entries(addressesOf(testbed));
  const [, first = ''] = addresses[0] ?? [];
  const network = first.slice(0, first.lastIndexOf('.'));
  for (const [name, address] of addresses) {
    const same = addresses.find(([other, its]) => other !== name && its === address);
    if (same !== undefined) return `${name} and ${same[0]} have the same address, ${address}`;
    if (address.slice(0, address.lastIndexOf('.')) !== network) {
      return `${name} has the address ${address}, and the private network is ${network}.0/24, as the client's address has it`;
    }
  }
  return undefined;
}
