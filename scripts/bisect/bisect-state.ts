/** A bisection's file, which is written as a whole after every step: a killed bisection loses only the step it was at. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type BisectFile, bisectFile, type FoundStep, type KernelStep } from '../../fixtures/kernel-steps.ts';
import { reasonOf } from '../../setup/lib/error-text.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { writeWhole } from '../../setup/lib/write-whole.ts';

export class BisectState {
  readonly #file: string;
  #content: BisectFile;

  constructor(file: string, content: BisectFile) {
    this.#file = file;
    this.#content = content;
    this.#write(content);
  }

  get content(): BisectFile {
    return this.#content;
  }

  /** On the disk once it returns. */
  add(step: KernelStep): void {
    this.#write({ ...this.#content, steps: [...this.#content.steps, step] });
  }

  /** Measures these commits once more if they were skipped. */
  forgetSkipped(commits: readonly string[]): void {
    const steps = this.#content.steps.filter(
      ({ state, commit }) => state === 'measured' || !commits.includes(commit),
    );
    this.#write({ ...this.#content, steps });
  }

  finish(found: FoundStep[]): void {
    this.#write({ ...this.#content, found });
  }

  #write(content: BisectFile): void {
    this.#content = content;
    writeWhole(this.#file, `${JSON.stringify(content, undefined, 2)}\n`);
  }
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if it is not such a file.
 */
export function readBisection(file: string): BisectFile {
  if (!existsSync(file)) throw unreadable(`There is no ${file} to continue.`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(`${file} can't be read: ${reasonOf(error)}. Start again without --continue.`);
  }
  const parsed = bisectFile.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadable(
    `${file} can't be continued. Start again without --continue. ${z.prettifyError(parsed.error)}`,
  );
}

function unreadable(message: string): InputError {
  return new InputError('NESTBENCH_UNKNOWN_EXPERIMENT', message);
}
