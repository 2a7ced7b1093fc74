import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { describeEmulator } from '../prepare-emulated.ts';
import { type Identity, snapshotName } from './identity.ts';
import type { SnapshotRecord } from './snapshot-record.ts';
import {
  dropSnapshot,
  findSnapshot,
  keepSnapshot,
  newPlace,
  pruneSnapshots,
  snapshotsDirectory,
  touchSnapshot,
  writeRecord,
} from './snapshot-store.ts';

const IDENTITY: Identity = {
  format: '1',
  plan: 'p',
  kernel: 'k',
  image: 'i',
  qemu: '/q 7.2 abc',
  host: 'any',
};
const CELL = 'l2-baseline';
const pair = { privateKey: '', publicKey: '' };

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory());
  return () => vi.unstubAllEnvs();
});

/** A snapshot whose machines' states are a few bytes. */
async function made(identity = IDENTITY, changes: Partial<SnapshotRecord> = {}): Promise<string> {
  const name = snapshotName(CELL, identity);
  const place = await newPlace(name);
  for (const machine of ['client', 'server']) writeFileSync(path.join(place, `${machine}.state`), machine);
  writeFileSync(path.join(place, 'seed.tar'), 'seed');
  await writeRecord(place, {
    cell: CELL,
    madeAt: new Date().toISOString(),
    identity,
    keys: { privateKey: '', hosts: { client: pair, l0: pair, l1: pair, l2: pair, l3: pair } },
    client: state('client'),
    server: state('server'),
    seed: state('seed'),
    bootIds: {},
    facts: { client: FACTS, levels: [] },
    ...changes,
  });
  await keepSnapshot(place, name);
  return name;
}

function state(text: string): SnapshotRecord['client'] {
  return { bytes: text.length, checksum: text };
}

const FACTS: SnapshotRecord['facts']['client'] = {
  level: 0,
  kernelRelease: '6.1.192-nestbench',
  commandLine: 'quiet',
  cpuModel: 'AMD EPYC',
  cpus: 1,
  memoryBytes: 2 ** 30,
  clockSource: 'tsc',
  hypervisor: 'none',
  kvm: { available: false, nested: '' },
  nic: { device: 'eth0', driver: 'virtio_net', path: '/sys/devices' },
  swapBytes: 0,
  qemu: null,
  pinned: [],
};

async function found(identity = IDENTITY): Promise<{ name: string | undefined; said: string[] }> {
  const said: string[] = [];
  const snapshot = await findSnapshot(CELL, identity, (sentence) => said.push(sentence));
  return { name: snapshot?.name, said };
}

/** The identity in a run whose emulator has that hash. */
function emulatedBy(hash: string): Identity {
  const emulator = { program: '/qemu-system-x86_64', tools: '/e/bin', version: '10.0', hash, madeOf: {} };
  return { ...IDENTITY, qemu: describeEmulator(emulator).identity };
}

describe('looking for a snapshot', () => {
  test('finds the one of the same identity, and keeps those of others', async () => {
    const mine = await made();
    const others = await made({ ...IDENTITY, kernel: 'a variant' });
    expect(await found()).toEqual({ name: mine, said: [] });
    expect(readdirSync(snapshotsDirectory()).toSorted()).toEqual([mine, others].toSorted());
  });

  test('finds none if there is none', async () => {
    expect(await found()).toEqual({ name: undefined, said: [] });
  });

  test.each([
    [
      'another version of the QEMU',
      { ...IDENTITY, qemu: '/q 7.1 def' },
      {},
      'it was saved by another QEMU (/q 7.1 def), and this run has /q 7.2 abc',
    ],
    ['another format', { ...IDENTITY, format: '0' }, {}, 'made by another version of nestbench'],
    [
      'a snapshot that is too old',
      IDENTITY,
      { madeAt: '2020-01-01T00:00:00Z' },
      'days old, and the maximum is 30',
    ],
  ])('drops %s, and says so', async (_, identity, changes, why) => {
    const name = await made(identity, changes);
    const { name: none, said } = await found();
    expect(none).toBeUndefined();
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`The snapshot ${name} is dropped: `);
    expect(said[0]).toContain(why);
    expect(readdirSync(snapshotsDirectory())).toEqual([]);
  });

  test("drops what an earlier build of the emulator saved, and keeps a variant's QEMU's", async () => {
    const variants = await made();
    const old = await made(emulatedBy('0a'));
    const { said } = await found(emulatedBy('0b'));
    expect(said).toEqual([
      `The snapshot ${old} is dropped: it was saved by another QEMU (emulator 0a), and this run has emulator 0b.`,
    ]);
    expect(readdirSync(snapshotsDirectory())).toEqual([variants]);
  });

  test("keeps what another program's QEMU saved: it may belong to a variant", async () => {
    await made({ ...IDENTITY, qemu: '/opt/qemu 9.0 fff' });
    expect(await found()).toEqual({ name: undefined, said: [] });
    expect(readdirSync(snapshotsDirectory())).toHaveLength(1);
  });

  test.each(['', '{', '{}'])('drops one whose record is %j', async (text) => {
    const name = await made();
    writeFileSync(path.join(snapshotsDirectory(), name, 'snapshot.json'), text);
    const { said } = await found();
    expect(said).toEqual([expect.stringContaining('its record is')]);
    expect(readdirSync(snapshotsDirectory())).toEqual([]);
  });
});

test.each(['seed.tar', 'client.state', 'server.state'])('drops a snapshot without its %s', async (file) => {
  const name = await made();
  rmSync(path.join(snapshotsDirectory(), name, file));
  expect(await found()).toEqual({
    name: undefined,
    said: [`The snapshot ${name} is dropped: ${file} is not there.`],
  });
});

describe('a cache that is full', () => {
  test('drops the least recently used, and never the newest', async () => {
    const names: string[] = [];
    for (const kernel of ['a', 'b', 'c']) names.push(await made({ ...IDENTITY, kernel }));
    const [oldest = '', used = '', newest = ''] = names;
    for (const [index, name] of names.entries()) {
      utimesSync(path.join(snapshotsDirectory(), name, 'snapshot.json'), index + 1, index + 1);
    }
    const snapshot = await findSnapshot(CELL, { ...IDENTITY, kernel: 'a' }, () => {});
    if (snapshot === undefined) throw new Error('there is no snapshot');
    touchSnapshot(snapshot);
    const said: string[] = [];
    await pruneSnapshots(0, newest, (sentence) => said.push(sentence));
    expect(readdirSync(snapshotsDirectory())).toEqual([newest]);
    expect(said.map((sentence) => /snapshot (\S+) is/.exec(sentence)?.[1])).toEqual([used, oldest]);
  });

  test('drops nothing while there is space', async () => {
    const name = await made();
    await pruneSnapshots(1e9, '', () => {});
    expect(readdirSync(snapshotsDirectory())).toEqual([name]);
  });
});

test('a snapshot that was dropped while it was restored can still be marked as used', async () => {
  await made();
  const snapshot = await findSnapshot(CELL, IDENTITY, () => {});
  if (snapshot === undefined) throw new Error('there is no snapshot');
  await dropSnapshot(snapshot.directory);
  touchSnapshot(snapshot);
  expect(existsSync(snapshot.directory)).toBe(false);
});

test('the leftovers of a killed save are removed by the next start', async () => {
  const place = await newPlace('left');
  const left = place.replace(/\d+$/, '999999999');
  await keepSnapshot(place, path.basename(left));
  await found();
  expect(existsSync(left)).toBe(false);
});

test('a save in another container that shares the cache is left alone for an hour', async () => {
  const place = await newPlace('left');
  const other = place.replace(/\d+-\d+$/, '1-999999999');
  await keepSnapshot(place, path.basename(other));
  await found();
  expect(existsSync(other)).toBe(true);
  utimesSync(other, 1, 1);
  await found();
  expect(existsSync(other)).toBe(false);
});
