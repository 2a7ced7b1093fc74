/** What a person may ask of `npm run history`. */
import path from 'node:path';
import {
  CHANGE_POINT_OPTIONS,
  type ChangePointOptions,
  LEAST_WINDOW,
} from '../../reporters/statistics/change-points.ts';
import type { InputError } from '../../setup/lib/errors.ts';
import { parseCommandLine, unknownSetting } from './arguments.ts';

export const USAGE = 'npm run history -- add EXPERIMENT... | show [CELL [BENCHMARK]] | check';

export const HELP = `${USAGE}
  add      keeps what an experiment came to; of the same name, in the place of what was there
  show     every series, with its trend and its changes
  check    finds where a level changed for good, and tells each change once: ends with 1 where one is for the worse

  --store FILE           the history (HISTORY, else results/history.sqlite)
  --window N             how many records are looked at together (${CHANGE_POINT_OPTIONS.window})
  --significance P       a change is told where p is below it (${CHANGE_POINT_OPTIONS.significance})
  --minimum-effect 5%    and where it is larger than that
  --markdown, --json     check, as a page of Markdown or as JSON
  --again                check, also what was told before; remembers nothing
`;

interface Common {
  readonly store: string;
  readonly changes: ChangePointOptions;
}

export type HistoryCommand =
  | { readonly command: 'help' }
  | (Common & { readonly command: 'add'; readonly experiments: readonly string[] })
  | (Common & { readonly command: 'show'; readonly cell?: string; readonly benchmark?: string })
  | (Common & {
      readonly command: 'check';
      readonly as: 'table' | 'markdown' | 'json';
      readonly again: boolean;
    });

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** The folder of all experiments. */
  readonly results: string;
  /** Where the person stands. */
  readonly from: string;
}

/** @throws {InputError} of one sentence, with the usage. */
export function parseHistoryCommand(
  argv: readonly string[],
  { environment, results, from }: Surroundings,
): HistoryCommand {
  const { values, positionals } = parse(argv);
  if (values.help) return { command: 'help' };
  const [command, ...words] = positionals;
  const chosen = values.store ?? environment['HISTORY']?.trim();
  const common: Common = {
    store:
      chosen === undefined || chosen === ''
        ? path.join(results, 'history.sqlite')
        : path.resolve(from, chosen),
    changes: {
      window: numberOf('--window', values.window, LEAST_WINDOW, 10_000),
      significance: numberOf('--significance', values.significance, 1e-12, 0.5),
      minimumEffect: effectOf(values['minimum-effect']),
    },
  };
  switch (command) {
    case 'add':
      if (words.length === 0) throw unknown('Name an experiment to add.');
      return { command, experiments: words, ...common };
    case 'show': {
      const [cell, benchmark, ...rest] = words;
      if (rest.length > 0) throw unknown(`show takes a cell and a benchmark, and not ${rest.join(' ')}.`);
      return {
        command,
        ...common,
        ...(cell === undefined ? {} : { cell }),
        ...(benchmark === undefined ? {} : { benchmark }),
      };
    }
    case 'check':
      if (words.length > 0) throw unknown(`check takes no words, and not ${words.join(' ')}.`);
      if (values.markdown && values.json) throw unknown('--markdown and --json are two outputs; name one.');
      return {
        command,
        ...common,
        as: values.markdown ? 'markdown' : values.json ? 'json' : 'table',
        again: values.again,
      };
    case undefined:
    default:
      throw unknown(command === undefined ? 'Say what to do.' : `There is no "${command}".`);
  }
}

function parse(argv: readonly string[]) {
  return parseCommandLine(
    argv,
    {
      store: { type: 'string' },
      window: { type: 'string', default: String(CHANGE_POINT_OPTIONS.window) },
      significance: { type: 'string', default: String(CHANGE_POINT_OPTIONS.significance) },
      'minimum-effect': { type: 'string', default: `${CHANGE_POINT_OPTIONS.minimumEffect * 100}%` },
      markdown: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
    },
    USAGE,
  );
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw unknown(`${option} is "${text}": it is a number from ${least} to ${most}.`);
}

function effectOf(text: string): number {
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1];
  if (percent === undefined)
    throw unknown(`--minimum-effect is "${text}": it is a number of percent, as 5%.`);
  return Number(percent) / 100;
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}
