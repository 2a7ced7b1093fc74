/** The options of `npm run cache`. */
import path from 'node:path';
import type { InputError } from '../../setup/lib/errors.ts';
import { parseCommandLine, unknownSetting } from './arguments.ts';

export const USAGE =
  'npm run cache [-- export FILE [--with-toolchain] [--force] | import FILE | clean [--snapshots]]';

export const HELP = `${USAGE}
  (none)      list the contents of the cache
  export      write what a stock run boots from to FILE, after building what is missing
  import      add what FILE has and the cache lacks; its programs will run, so import only from sources you trust
  clean       empty the cache, the same as npm run clean

  --with-toolchain   also export compilers, sources and the guests' root file system, to build variants elsewhere
  --force            overwrite FILE
  --snapshots        remove only the snapshots, which belong to this machine and are never exported
`;

export type CacheCommand =
  | { readonly command: 'list' }
  | {
      readonly command: 'export';
      readonly file: string;
      readonly withToolchain: boolean;
      readonly force: boolean;
    }
  | { readonly command: 'import'; readonly file: string }
  | { readonly command: 'clean'; readonly snapshots: boolean };

/** The command that each option belongs to. */
const TAKES: Readonly<Record<string, string>> = {
  'with-toolchain': 'export',
  force: 'export',
  snapshots: 'clean',
};

/**
 * @param from the directory that a relative FILE starts from.
 * @throws {InputError} with one sentence and the usage.
 */
export function parseCacheCommand(argv: readonly string[], from: string): CacheCommand {
  const { values, positionals } = parse(argv);
  const [command = 'list', ...words] = positionals;
  for (const option of ['with-toolchain', 'force', 'snapshots'] as const) {
    if (values[option] && TAKES[option] !== command)
      throw unknown(`--${option} is an option of ${TAKES[option]}.`);
  }
  switch (command) {
    case 'list':
      return { command };
    case 'clean':
      if (words.length > 0) throw unknown(`clean takes no argument, but got ${words.join(' ')}.`);
      return { command, snapshots: values.snapshots };
    case 'export':
    case 'import': {
      const [name = '', ...others] = words;
      if (name === '' || others.length > 0) throw unknown(`${command} takes exactly one FILE.`);
      const file = path.resolve(from, name);
      return command === 'import'
        ? { command, file }
        : { command, file, withToolchain: values['with-toolchain'], force: values.force };
    }
    default:
      throw unknown(`There is no command "${command}".`);
  }
}

function parse(argv: readonly string[]) {
  return parseCommandLine(
    argv,
    {
      'with-toolchain': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      snapshots: { type: 'boolean', default: false },
    },
    USAGE,
  );
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}
