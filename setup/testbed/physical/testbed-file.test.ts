import { memtierOf } from '../../../fixtures/physical-software.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ADDRESSES } from '../../../fixtures/addresses.ts';
import { addressesOf } from '../../../fixtures/testbed-description.ts';
import { InputError } from '../../lib/errors.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { generateKeyPair } from '../../machine/ssh/ssh.ts';
import { parseTestbed, readTestbed } from './testbed-file.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const MINIMAL = `client:
  ssh: alias-of-client
  interface: eno2
server:
  ssh: root@10.0.0.2
  interface: enp6s0f0
`;

/** The faults of a testbed that can't be used. */
function faults(text: string): string[] {
  try {
    parseTestbed(text, 'testbed.yaml');
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== 'NESTBENCH_BAD_TESTBED') throw error;
    return error.message.split('\n');
  }
  return [];
}

test.each(['testbed.example.yaml', 'testbed.cloudlab.yaml'])('%s is a testbed', (name) => {
  const testbed = readTestbed(path.join(ROOT, name));
  expect(testbed.software).toBe('paper');
  expect(addressesOf(testbed)).toEqual(ADDRESSES);
});

test('what the example only has in comments can be used too', () => {
  const text = readFileSync(path.join(ROOT, 'testbed.example.yaml'), 'utf8');
  const shown = text.replaceAll(
    /^( *)# (address|virtualFunctions|directory|console|levels|images|storage):/gm,
    '$1$2:',
  );
  expect(parseTestbed(shown, 'x').server.console?.[0]).toBe('ipmitool');
  const own = /^# {3}software:\n(?:#.*\n)+/m.exec(text)?.[0].replaceAll(/^# {3}/gm, '') ?? '';
  const { software } = parseTestbed(text.replace('software: paper', own), 'x');
  expect(software).toMatchObject({
    l1: { kernel: { ref: 'next' } },
    l0: { parameters: ['kvm_amd.nested=1'] },
  });
});

test('the defaults are the paper’s, and nothing is built or installed', () => {
  const testbed = parseTestbed(MINIMAL, 'x');
  expect(addressesOf(testbed)).toEqual(ADDRESSES);
  expect(testbed).toMatchObject({
    software: 'installed',
    builder: 'auto',
    server: { virtualFunctions: 2, bootLoader: 'grub', directory: '/var/lib/nestbench' },
  });
});

describe('is reported with its line and its key', () => {
  test('an unknown key', () => {
    expect(faults(MINIMAL.replace('  interface: eno2', '  interface: eno2\n  nic: eno2'))).toEqual([
      "The testbed file can't be used:",
      'testbed.yaml:4: "client.nic" is not a key of a testbed',
    ]);
  });

  test('a missing key', () => {
    expect(faults(MINIMAL.replace('  interface: enp6s0f0\n', ''))).toContain(
      'testbed.yaml:4: "server.interface" is missing',
    );
    expect(faults('')).toEqual([
      "The testbed file can't be used:",
      'testbed.yaml:1: "client" is missing',
      'testbed.yaml:1: "server" is missing',
    ]);
  });

  test('all faults, in the order of the lines', () => {
    expect(
      faults(`${MINIMAL.replace('eno2', 'a name with spaces')}  virtualFunctions: 0\n  bootLoader: lilo\n`),
    ).toEqual([
      "The testbed file can't be used:",
      'testbed.yaml:3: "client.interface" is "a name with spaces": the name of a network interface, as `ip link` shows it',
      expect.stringMatching(/^testbed\.yaml:7: "server\.virtualFunctions" is 0: /),
      expect.stringMatching(/^testbed\.yaml:8: "server\.bootLoader" is "lilo": /),
    ]);
  });

  test('software that is neither a name nor a description', () => {
    expect(faults(`${MINIMAL}software: { l1: { kernel: { url: x, ref: --upload-pack=y } } }\n`)).toEqual([
      "The testbed file can't be used:",
      'testbed.yaml:7: "software.l1.kernel.ref" is "--upload-pack=y": a branch, a tag or a commit',
    ]);
    expect(faults(`${MINIMAL}software: papers\n`)[1]).toBe(
      'testbed.yaml:7: "software" is "papers": must be "paper", "installed" or a description by machine',
    );
  });

  test('an address that two machines have, or that is outside the network', () => {
    expect(faults(`${MINIMAL}levels: { l1: 10.10.1.2 }\n`)).toEqual([
      'testbed.yaml:7: "levels.l1": l1 has the address 10.10.1.2, which l0 has too',
    ]);
    expect(faults(`${MINIMAL}levels: { l2: 10.10.2.2 }\n`)).toEqual([
      'testbed.yaml:7: "levels.l2": l2 has the address 10.10.2.2, and the private network is 10.10.1.0/24, as the client\'s address has it',
    ]);
  });

  test.each([
    [
      'refnumber.yaml',
      ':5: "software.l0.kernel.ref" is 6.10, which YAML reads as a number: quote it, "6.10"',
    ],
    [
      'parameter-as-map.yaml',
      ':5: "software.l0.parameters.0" is "kvm_intel.nested: 1", which YAML reads as a map: write one text and quote it, "kvm_intel.nested=1"',
    ],
    ['yamlcrash.yaml', ':6: "server.interface" is *nic, and nothing before it has the anchor &nic'],
    [
      'bomb.yaml',
      ':5: "server.console" is *c, which stands for 1000 values through other aliases: at most 100 are possible',
    ],
    [
      'samehost.yaml',
      ':2: "server.ssh" is "root@server.example.org", the same host as "client.ssh": a testbed is two machines',
    ],
  ])('%s', (name, said) => {
    const file = path.join(import.meta.dirname, 'captured/cases', name);
    expect(() => readTestbed(file)).toThrow(InputError);
    expect(() => readTestbed(file)).toThrow(`${file}${said}`);
  });

  test.each([
    ['server.example.org', 'root@Server.example.org'],
    ['a@2001:db8::1', 'root@2001:db8::1'],
    ['ssh://root@server:2222', 'ssh://server:2222/'],
    ['server.example.org.', 'SERVER.example.org'],
    ['ssh://root@server:22', 'server'],
    ['ssh://[2001:db8::1]', '2001:db8:0:0:0:0:0:1'],
    ['10.0.0.1', 'root@10.0.0.001'],
  ])('%s and %s, which are one host', (client, server) => {
    const text = MINIMAL.replace('alias-of-client', `"${client}"`).replace('root@10.0.0.2', `"${server}"`);
    expect(faults(text)[0]).toMatch(/^testbed\.yaml:5: "server\.ssh" is .*the same host as "client\.ssh"/);
    // Two machines behind one address differ in their ports.
    expect(faults(text.replace('ssh:', 'port: 2201\n  ssh:'))).toEqual([]);
  });

  test.each(['/', 'relative', '/var/../etc', '/a b', '/a;b'])('%j as a directory', (directory) => {
    expect(faults(`${MINIMAL}  directory: "${directory}"\n`)[1]).toMatch(
      /^testbed\.yaml:7: "server\.directory" is /,
    );
  });

  test.each(['${CLIENT}', '$CLIENT', '`host`', 'a;b'])('%s as a host', (host) => {
    expect(faults(MINIMAL.replace('alias-of-client', `"${host}"`))[1]).toMatch(
      /^testbed\.yaml:2: "client\.ssh" is .* a testbed file has no variables: write the name itself$/,
    );
  });

  test.each([
    ['root@', 'the host is missing after the @'],
    ['root@server:2222', 'a port belongs under "port:"'],
  ])('%s as a host', (host, why) => {
    expect(faults(MINIMAL.replace('alias-of-client', `"${host}"`))[1]).toBe(
      `testbed.yaml:2: "client.ssh" is "${host}": ${why}`,
    );
  });

  test('control characters are not repeated', () => {
    expect(faults(`${MINIMAL}"\\e[31m": x\n`)[1]).toBe(
      'testbed.yaml:7: "\u{FFFD}[31m" is not a key of a testbed',
    );
  });

  test('text that is not YAML', () => {
    expect(faults(`${MINIMAL}levels: { l1: `)[1]).toMatch(/^testbed\.yaml:7: /);
  });
});

test('a missing file is reported with an example to start from', () => {
  expect(() => readTestbed('/no/such/testbed.yaml')).toThrow(/testbed\.example\.yaml is one to start from/);
});

test.each(['nosuch', '.'])(
  'a configuration of OpenSSH that is no file has its line and its key: %s',
  (name) => {
    const file = path.join(temporaryDirectory(), 'testbed.yaml');
    writeFileSync(file, `${MINIMAL}sshConfiguration: ${name}\n`);
    expect(() => readTestbed(file)).toThrow(InputError);
    expect(() => readTestbed(file)).toThrow(
      /testbed\.yaml:7: "sshConfiguration" names .*, which is not a file$/,
    );
  },
);

/** A testbed file with that image of L1, and files beside it. */
function withImage(image: string, files: Record<string, string>, software = 'software: paper\n'): string {
  const at = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(at, name), text);
  const file = path.join(at, 'testbed.yaml');
  writeFileSync(file, `${MINIMAL}${software}images:\n  l1: ${image}\n`);
  return file;
}

describe('a disk image of a level', () => {
  const { privateKey, publicKey } = generateKeyPair();

  test('is found beside the testbed file, as its key is', () => {
    const file = withImage('{ file: own.img, key: own_key, partition: 2 }', {
      'own.img': '',
      own_key: privateKey,
    });
    const at = path.dirname(file);
    expect(readTestbed(file).images).toEqual({
      l1: { file: path.join(at, 'own.img'), key: path.join(at, 'own_key'), partition: 2 },
    });
  });

  test.each([
    [
      'no file',
      '{ file: own.img, key: k }',
      { k: privateKey },
      'file" names .*/own.img, which is not a file',
    ],
    ['no key', '{ file: own.img, key: k }', { 'own.img': '' }, 'key" names .*/k, which is not a file'],
    [
      'a key of another kind',
      '{ file: own.img, key: k }',
      { 'own.img': '', k: 'text' },
      'key" names .*/k, which is not a private key that can be used without a passphrase',
    ],
    [
      'a public key',
      '{ file: own.img, key: k }',
      { 'own.img': '', k: publicKey },
      'key" names .*/k, which is a public key: name the private one',
    ],
  ])('%s', (_, image, files, why) => {
    const file = withImage(image, files);
    expect(() => readTestbed(file)).toThrow(InputError);
    expect(() => readTestbed(file)).toThrow(new RegExp(`testbed.yaml:9: "images.l1.${why}`));
  });

  test('needs a kernel of its level', () => {
    const file = withImage('{ file: own.img, key: k }', {}, 'software: installed\n');
    expect(() => readTestbed(file)).toThrow(
      /testbed\.yaml:9: "images\.l1" needs a kernel from git for l1, because .*: name one under "software\.l1\.kernel"/,
    );
    const own = 'software: { l1: { kernel: { url: /srv/linux, ref: next } } }\n';
    expect(() => readTestbed(withImage('{ file: own.img, key: k }', {}, own))).toThrow('which is not a file');
  });

  test('of a level that there is not, or without a key', () => {
    expect(faults(`${MINIMAL}images: { l4: { file: a, key: b } }\n`)).toContain(
      'testbed.yaml:7: "images.l4" is not a key of a testbed',
    );
    expect(faults(`${MINIMAL}images: { l1: { file: a } }\n`)).toContain(
      'testbed.yaml:7: "images.l1.key" is missing',
    );
  });
});

test('an option is not accepted as a host', () => {
  expect(faults(MINIMAL.replace('alias-of-client', '-oProxyCommand=touch'))[1]).toMatch(/"client\.ssh"/);
});

test('memtier_benchmark is the artifact’s with its software, none by default, and any that the file names', () => {
  const machines = 'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\n';
  const memtier = (lines: string) => memtierOf(parseTestbed(`${machines}${lines}`, 'testbed.yaml'));
  expect(memtier('')).toBeUndefined();
  expect(memtier('software: paper')).toMatchObject({ ref: 'aabf9659830ad7a4d126d1fff75ac024dad49d3a' });
  expect(memtier('software: paper\nmemtier: false')).toBeUndefined();
  expect(memtier('memtier: { url: /srv/memtier, ref: master }')).toEqual({
    url: '/srv/memtier',
    ref: 'master',
  });
  expect(() => memtier('memtier: yes')).toThrow('"memtier" is "yes": must be false, or have url and ref');
});
