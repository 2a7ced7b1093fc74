/** QMP against a stream that sends what a real QEMU does not send on demand. */
import { duplexPair, type Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { connectQmp } from './qmp.ts';

const options = { machine: 'l1', signal: new AbortController().signal, deadlineSeconds: 30 };
const version = { qemu: { major: 7, minor: 2, micro: 22 }, package: 'Debian' };
const greetingText = `${JSON.stringify({ QMP: { version, capabilities: ['oob'] } })}\r\n`;
const eventText = `${JSON.stringify({ event: 'RTC_CHANGE', data: { offset: 1 }, timestamp: { seconds: 1, microseconds: 2 } })}\r\n`;

const request = z.object({ id: z.int(), execute: z.string() });

function requestsIn(chunk: Buffer): { id: number; execute: string }[] {
  return chunk
    .toString()
    .trim()
    .split('\n')
    .map((line) => request.parse(JSON.parse(line)));
}

function answering(stream: Duplex, answer: (command: string) => unknown): void {
  stream.write(greetingText);
  stream.on('data', (chunk: Buffer) => {
    for (const { id, execute } of requestsIn(chunk)) {
      stream.write(`${JSON.stringify({ return: answer(execute), id })}\r\n`);
    }
  });
}

function writeInPieces(stream: Duplex, bytes: Buffer, sizes: readonly number[]): void {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    stream.write(bytes.subarray(at, at + size));
    at += size;
  }
}

test('data that is not QMP ends the connection, and is shown', async () => {
  const [ours, theirs] = duplexPair();
  theirs.write('SSH-2.0-OpenSSH_9.2\r\n');
  await expect(connectQmp(ours, options)).rejects.toThrow(
    'it sent something that is not QMP: SSH-2.0-OpenSSH_9.2',
  );
  expect(ours.destroyed).toBe(true);
});

test('an answer of an unexpected shape is rejected', async () => {
  const [ours, theirs] = duplexPair();
  answering(theirs, (command) => (command === 'query-kvm' ? { enabled: 'yes' } : {}));
  await using qmp = await connectQmp(ours, options);
  await expect(qmp.execute('query-kvm')).rejects.toThrow(/refused query-kvm: Unreadable/);
});

test('answers find their commands however they are cut, joined, ordered and mixed with events', async () => {
  const names = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      async (commands, sizes) => {
        const [ours, theirs] = duplexPair();
        const events: unknown[] = [];
        const pending: { id: number; execute: string }[] = [];
        theirs.write(greetingText);
        theirs.on('data', (chunk: Buffer) => {
          pending.push(...requestsIn(chunk));
          if (pending[0]?.execute === 'qmp_capabilities') {
            theirs.write(`${JSON.stringify({ return: {}, id: pending.shift()?.id })}\r\n`);
          }
          if (pending.length < commands.length) return;
          const text = pending
            .splice(0)
            .toReversed()
            .map(({ id, execute }) => `${eventText}${JSON.stringify({ return: `to ${execute}`, id })}\r\n`)
            .join('');
          writeInPieces(theirs, Buffer.from(text), sizes);
        });
        await using qmp = await connectQmp(ours, options);
        qmp.on('RTC_CHANGE', (event) => void events.push(event.data));
        const answers = await Promise.all(commands.map((command) => qmp.execute(`x-${command}`)));
        expect(answers).toEqual(commands.map((command) => `to x-${command}`));
        expect(events).toEqual(commands.map(() => ({ offset: 1 })));
      },
    ),
    { numRuns: 50 },
  );
});
