/** With the emulator's `checksum`, compiled for this host. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { describeFile, findDamage, storedBytes } from './saved-files.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../../build/qemu/emulator/checksum.c');
const MIB = 2 ** 20;
const { signal } = new AbortController();

let tools: string;

beforeAll(() => {
  tools = mkdtempSync(path.join(tmpdir(), 'nestbench-test-'));
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', path.join(tools, 'checksum'), SOURCE]);
  return () => rmSync(tools, { recursive: true });
});

/** A file in a new directory. */
function saved(name: string, text: string): string {
  const file = path.join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

/** A file of 64 MiB, with these bytes at these places and holes around them. */
function sparse(pieces: Readonly<Record<number, string>>): string {
  const file = saved('sparse', '');
  truncateSync(file, 64 * MIB);
  const handle = openSync(file, 'r+');
  for (const [at, text] of Object.entries(pieces)) writeSync(handle, text, Number(at));
  return file;
}

async function checksumOf(file: string): Promise<string> {
  return (await describeFile(file, tools, signal)).checksum;
}

describe('the checksum of a file', () => {
  test('depends on each byte and on its place, also at the end of a block that is not full', async () => {
    const sums = await Promise.all(
      [
        sparse({ [MIB]: 'state' }),
        sparse({ [MIB]: 'State' }),
        sparse({ [MIB + 1]: 'state' }),
        sparse({ [2 * MIB]: 'state' }),
        sparse({ [MIB]: 'state', [40 * MIB]: 'x' }),
        saved('short', 'state'),
        saved('short', 'statE'),
      ].map(checksumOf),
    );
    expect(new Set(sums).size).toBe(sums.length);
  });

  test('does not depend on where the file has holes', async () => {
    const file = sparse({ 5000: 'a', [63 * MIB]: 'b' });
    const copy = `${file}-copy`;
    execFileSync('cp', ['--sparse=never', file, copy]);
    expect([storedBytes(copy), storedBytes(file) < MIB]).toEqual([64 * MIB, true]);
    expect(await checksumOf(copy)).toBe(await checksumOf(file));
  });

  test('is refused for what is not a file', async () => {
    await expect(describeFile(temporaryDirectory(), tools, signal)).rejects.toMatchObject({
      code: 'NESTBENCH_COMMAND_FAILED',
      output: expect.stringContaining('it is not a regular file'),
    });
  });
});

/** What is wrong with a snapshot after this change. */
async function damage(change: (directory: string) => void): Promise<string | undefined> {
  const directory = temporaryDirectory();
  for (const name of ['client.state', 'server.state', 'seed.tar']) {
    writeFileSync(path.join(directory, name), name);
  }
  const described = (name: string): ReturnType<typeof describeFile> =>
    describeFile(path.join(directory, name), tools, signal);
  const record = {
    client: await described('client.state'),
    server: await described('server.state'),
    seed: await described('seed.tar'),
  };
  change(directory);
  return findDamage({ directory, record }, tools, signal);
}

describe('a snapshot', () => {
  test('is whole as it was saved', async () => {
    expect(await damage(() => {})).toBeUndefined();
  });

  test.each([
    ['server.state', 'server.stat', 'server.state has 11 bytes, and had 12'],
    ['client.state', 'client.statE', 'client.state is damaged'],
    ['seed.tar', 'feed.tar', 'seed.tar is damaged'],
  ])('is damaged if %s has "%s"', async (name, text, fault) => {
    expect(await damage((directory) => writeFileSync(path.join(directory, name), text))).toBe(fault);
  });
});
