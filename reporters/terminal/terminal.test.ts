import { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { LOG_COLUMNS, terminalOptions } from './terminal.ts';

test.each([
  [true, 80, 80],
  // A serial console, and a virtio console.
  [true, 0, LOG_COLUMNS],
  [false, 80, LOG_COLUMNS],
])('a stream that is a terminal (%s) of %d columns gets tables of %d', (isTTY, columns, width) => {
  const stream = Object.assign(Object.create(WriteStream.prototype), { isTTY, columns });
  expect(terminalOptions(stream).columns).toBe(width);
});
