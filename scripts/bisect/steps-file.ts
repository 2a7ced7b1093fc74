/**
 * The file of a bisection or a series, written as a whole after every step: one that is killed loses only the step it was
 * at.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { KernelStep } from '../../fixtures/kernel-steps.ts';
import { reasonOf } from '../../setup/lib/error-text.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { writeWhole } from '../../setup/lib/write-whole.ts';

export interface WithSteps {
  readonly startedAt: string;
  readonly steps: KernelStep[];
}

export class StepsFile<C extends WithSteps> {
  readonly #file: string;
  #content: C;

  constructor(file: string, content: C) {
    this.#file = file;
    this.#content = content;
    this.update({});
  }

  get content(): C {
    return this.#content;
  }

  /** On the disk once it returns. */
  add(step: KernelStep): void {
    this.update({ steps: [...this.#content.steps, step] });
  }

  /** Tries these once more if they were skipped. */
  forgetSkipped(isTriedAgain: (step: KernelStep) => boolean = () => true): void {
    const steps = this.#content.steps.filter((step) => step.state === 'measured' || !isTriedAgain(step));
    this.update({ steps });
  }

  update(changes: Partial<C> | Pick<C, 'steps'>): void {
    this.#content = { ...this.#content, ...changes };
    writeWhole(this.#file, `${JSON.stringify(this.#content, undefined, 2)}\n`);
  }
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if it is not such a file.
 */
export function readSteps<C>(file: string, schema: z.ZodType<C>): C {
  if (!existsSync(file)) throw unreadable(`There is no ${file} to continue.`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(`${file} can't be read: ${reasonOf(error)}. Start again without --continue.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadable(
    `${file} can't be continued. Start again without --continue. ${z.prettifyError(parsed.error)}`,
  );
}

/**
 * @throws {InputError} NESTBENCH_EXPERIMENT_DIFFERS if there is something of that name.
 */
export function newFolder(results: string, name: string): string {
  const directory = path.join(results, name);
  if (!existsSync(directory)) return directory;
  throw new InputError(
    'NESTBENCH_EXPERIMENT_DIFFERS',
    `${directory} already exists. Select another --name, or continue it: --continue --name ${name}`,
  );
}

/** The one of that name; without a name the last that was started. */
export function toContinue<C extends WithSteps>(
  results: string,
  name: string | undefined,
  { file, schema }: { readonly file: string; readonly schema: z.ZodType<C> },
): { directory: string; content: C } {
  const names = name === undefined ? foldersWith(file, results) : [name];
  const [last] = names
    .map((each) => path.join(results, each))
    .map((directory) => ({ directory, content: readSteps(path.join(directory, file), schema) }))
    .toSorted((one, other) => other.content.startedAt.localeCompare(one.content.startedAt));
  if (last !== undefined) return last;
  throw unreadable(`No folder under ${results} has a ${file} to continue.`);
}

function foldersWith(file: string, results: string): string[] {
  if (!existsSync(results)) return [];
  return readdirSync(results).filter((each) => existsSync(path.join(results, each, file)));
}

function unreadable(message: string): InputError {
  return new InputError('NESTBENCH_UNKNOWN_EXPERIMENT', message);
}
