/** With the shell of this host, and notes in a directory of the test's. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../setup/lib/temporary.testing.ts';
import { waitUntil } from '../../../setup/lib/wait.ts';
import { hostMachine } from '../../../setup/machine/host.ts';
import { breakMachine, putBack } from './broken-machine.ts';

const never = new AbortController().signal;
const machine = hostMachine('server');

/** A file of a machine, a fault that overwrites it, and the directory for the notes. */
function scenery() {
  const directory = temporaryDirectory();
  const [file, notes] = [path.join(directory, 'file'), path.join(directory, 'notes')];
  writeFileSync(file, 'sound\n');
  // Nothing of a test outlives it for long.
  const fault = {
    name: 'fault-1',
    aloneSeconds: 5,
    undo: `echo sound >'${file}'`,
    command: `echo broken >'${file}'`,
  };
  return { notes, fault, text: () => readFileSync(file, 'utf8') };
}

test('what is broken is noted first, and put back by whoever comes next', async () => {
  const { notes, fault, text } = scenery();
  // The command itself finds the note.
  const command = `[ -e '${notes}/fault-1.sh' ] && ${fault.command}`;
  expect((await breakMachine(machine, { ...fault, command }, never, notes)).exitCode).toBe(0);
  expect(text()).toBe('broken\n');
  expect(await putBack(machine, never, notes)).toEqual(['fault-1']);
  expect(text()).toBe('sound\n');
  expect(existsSync(notes)).toBe(false);
  expect(await putBack(machine, never, notes)).toEqual([]);
});

test('a machine puts back by itself what nobody puts back in time', async () => {
  const { notes, fault, text } = scenery();
  await breakMachine(machine, { ...fault, aloneSeconds: 1 }, never, notes);
  expect(text()).toBe('broken\n');
  const isOver = (): true | undefined => (readdirSync(notes).length === 0 ? true : undefined);
  await waitUntil('its note to go', isOver, {
    machine: 'server',
    deadlineSeconds: 20,
    intervalMs: 50,
    signal: never,
  });
  expect(text()).toBe('sound\n');
});

test('what can’t be put back stays noted, and is named', async () => {
  const { notes, fault } = scenery();
  await breakMachine(machine, { ...fault, undo: 'echo no >&2; exit 1' }, never, notes);
  await expect(putBack(machine, never, notes)).rejects.toThrow(
    /^server could not put back what a fault broke there: no\. /,
  );
  expect(readdirSync(notes)).toEqual(['fault-1.sh']);
});
