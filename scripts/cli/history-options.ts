/** The options of `npm run history`. */
import path from 'node:path';
import type { Places } from '../../reporters/model/find-experiment.ts';
import {
  CHANGE_POINT_OPTIONS,
  type ChangePointOptions,
  MIN_WINDOW,
} from '../../reporters/statistics/change-points.ts';
import type { InputError } from '../../setup/lib/errors.ts';
import { parseCommandLine, unknownSetting } from './arguments.ts';

export const USAGE = 'npm run history -- add EXPERIMENT... | show [CELL [BENCHMARK]] | check';

export const HELP = `${USAGE}
  add      add the results of an experiment; replaces an experiment of the same name
  show     print every series, with its trend and its changes
  check    find lasting changes and report each once; the exit code is 1 if one is for the worse

  --store FILE           the history file (default: HISTORY, or results/history.sqlite)
  --window N             number of records in a window (default: ${CHANGE_POINT_OPTIONS.window})
  --significance P       report a change only if its p is below P (default: ${CHANGE_POINT_OPTIONS.significance})
  --minimum-effect 5%    and only if it is larger
  --markdown, --json     check: print a page of Markdown, or JSON
  --again                check: also report known changes, and do not mark any as reported
`;

interface Common {
  readonly store: string;
  readonly changes: ChangePointOptions;
}

export type HistoryCommand =
  | (Common & { readonly command: 'add'; readonly experiments: readonly string[] })
  | (Common & { readonly command: 'show'; readonly cell?: string; readonly benchmark?: string })
  | (Common & {
      readonly command: 'check';
      readonly as: 'table' | 'markdown' | 'json';
      readonly again: boolean;
    });

export interface Surroundings extends Places {
  readonly environment: NodeJS.ProcessEnv;
}

export function parseHistoryCommand(
  argv: readonly string[],
  { environment, results, from }: Surroundings,
): HistoryCommand {
  const { values, positionals } = parse(argv);
  const [command, ...words] = positionals;
  const named = values.store ?? environment['HISTORY']?.trim();
  const common: Common = {
    store:
      named === undefined || named === '' ? path.join(results, 'history.sqlite') : path.resolve(from, named),
    changes: {
      window: numberOf('--window', values.window, MIN_WINDOW, 10_000),
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
      if (rest.length > 0)
        throw unknown(`show takes a cell and a benchmark, but also got ${rest.join(' ')}.`);
      return {
        command,
        ...common,
        ...(cell === undefined ? {} : { cell }),
        ...(benchmark === undefined ? {} : { benchmark }),
      };
    }
    case 'check':
      if (words.length > 0) throw unknown(`check takes no argument, but got ${words.join(' ')}.`);
      if (values.markdown && values.json) throw unknown('--markdown and --json exclude each other.');
      return {
        command,
        ...common,
        as: values.markdown ? 'markdown' : values.json ? 'json' : 'table',
        again: values.again,
      };
    case undefined:
    default:
      throw unknown(command === undefined ? 'Name a command.' : `There is no command "${command}".`);
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

function numberOf(option: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw unknown(`${option} is "${text}": it must be a number from ${min} to ${max}.`);
}

function effectOf(text: string): number {
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1];
  if (percent === undefined)
    throw unknown(`--minimum-effect is "${text}": it must be a percentage, such as 5%.`);
  return Number(percent) / 100;
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}
