/**
 * `test` for end-to-end tests that boot nothing: with separate directories for the file, and runs that end with their
 * test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as base } from 'vitest';
import { endOwned } from '../../setup/machine/qemu/qemu-process.ts';
import { type Place, Run, type RunOptions } from './run.testing.ts';

export type Start = (words: readonly string[], options?: RunOptions) => Run;

export const test = base
  // These patterns tell Vitest which fixtures are needed.
  // oxlint-disable-next-line no-empty-pattern
  .extend('place', { scope: 'file' }, async ({}, { onCleanup }): Promise<Place> => {
    // A short path, because Unix sockets are created in it (unix(7): 107 bytes).
    const temporary = mkdtempSync(path.join(tmpdir(), 'nb-'));
    const results = mkdtempSync(path.join(tmpdir(), 'nb-results-'));
    onCleanup(async () => {
      await endOwned(temporary);
      for (const directory of [temporary, results]) rmSync(directory, { recursive: true, force: true });
    });
    return { temporary, results };
  })
  .extend('start', async ({ place }, { onCleanup }): Promise<Start> => {
    const runs: Run[] = [];
    onCleanup(async () => {
      for (const run of runs) await run[Symbol.asyncDispose]();
    });
    return (words, options = {}) => {
      const run = new Run(place, words, options);
      runs.push(run);
      return run;
    };
  });
