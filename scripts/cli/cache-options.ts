/** What a person may ask of `npm run cache`. */
import path from 'node:path';
import type { InputError } from '../../setup/lib/errors.ts';
import { parseCommandLine, unknownSetting } from './arguments.ts';

export const USAGE =
  'npm run cache [-- export FILE [--with-toolchain] [--force] | import FILE | clean [--snapshots]]';

export const HELP = `${USAGE}
  (no word)   lists what the cache has
  export      writes what a stock run boots from into FILE; builds first what is missing
  import      takes what FILE has and the cache does not: import only from whom you trust, as its programs will run
  clean       empties the cache, as npm run clean

  --with-toolchain   also compilers, sources and the guests' root file system, to build variants from elsewhere
  --force            replaces FILE
  --snapshots        drops only the snapshots, which are of this machine alone and never exported
`;

export type CacheCommand =
  | { readonly command: 'help' | 'list' }
  | {
      readonly command: 'export';
      readonly file: string;
      readonly withToolchain: boolean;
      readonly force: boolean;
    }
  | { readonly command: 'import'; readonly file: string }
  | { readonly command: 'clean'; readonly snapshots: boolean };

/** Which command takes which option. */
const TAKES: Readonly<Record<string, string>> = {
  'with-toolchain': 'export',
  force: 'export',
  snapshots: 'clean',
};

/**
 * @param from where a relative FILE begins.
 * @throws {InputError} of one sentence, with the usage.
 */
export function parseCacheCommand(argv: readonly string[], from: string): CacheCommand {
  const { values, positionals } = parse(argv);
  if (values.help) return { command: 'help' };
  const [command = 'list', ...words] = positionals;
  for (const option of ['with-toolchain', 'force', 'snapshots'] as const) {
    if (values[option] && TAKES[option] !== command)
      throw unknown(`--${option} is an option of ${TAKES[option]}.`);
  }
  switch (command) {
    case 'list':
      return { command };
    case 'clean':
      if (words.length > 0) throw unknown(`clean takes no words, and not ${words.join(' ')}.`);
      return { command, snapshots: values.snapshots };
    case 'export':
    case 'import': {
      const [name = '', ...others] = words;
      if (name === '' || others.length > 0) throw unknown(`${command} takes one FILE.`);
      const file = path.resolve(from, name);
      return command === 'import'
        ? { command, file }
        : { command, file, withToolchain: values['with-toolchain'], force: values.force };
    }
    default:
      throw unknown(`There is no "${command}".`);
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
