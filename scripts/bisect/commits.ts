/** The history of a repository, as git tells it. */
import { z } from 'zod';
import type { CommitFacts, NamedCommit } from '../../fixtures/kernel-steps.ts';
import { askGit } from '../../setup/build/git-repository.ts';
import { InputError } from '../../setup/lib/errors.ts';
import type { Commits } from './find-steps.ts';

/** Where KVM's code for this architecture is. */
const KVM = 'arch/x86/kvm';

const RELEASE_CANDIDATE = /-rc\d+$/;

export class Repository implements Commits {
  readonly directory: string;
  readonly #signal: AbortSignal;

  constructor(directory: string, signal: AbortSignal) {
    this.directory = directory;
    this.#signal = signal;
  }

  /**
   * The commit of a branch, a tag or the like.
   * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if there is none.
   */
  async resolve(name: string): Promise<NamedCommit> {
    // First a question that any repository answers, so that only a wrong name is reported as one.
    await this.#ask('rev-parse', '--git-dir');
    try {
      const said = await this.#ask(
        'rev-parse',
        '--verify',
        '--quiet',
        '--end-of-options',
        `${name}^{commit}`,
      );
      return { name, commit: said.trim() };
    } catch {
      this.#signal.throwIfAborted();
      throw new InputError(
        'NESTBENCH_UNKNOWN_SETTING',
        `${this.directory} has no commit "${name}". Fetch it, or name another.`,
      );
    }
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    return (await this.#ask('rev-list', '--max-count=1', older, `^${newer}`)).trim() === '';
  }

  async mergeBase(one: string, other: string): Promise<string> {
    return (await this.#ask('merge-base', one, other)).trim();
  }

  async middle(olds: readonly string[], newer: string): Promise<{ commit: string; count: number }> {
    const said = await this.#ask('rev-list', '--bisect-vars', newer, ...olds.map((old) => `^${old}`));
    const of = (name: string): string => new RegExp(`^${name}='?([^'\n]*)'?$`, 'm').exec(said)?.[1] ?? '';
    return vars.parse({ commit: of('bisect_rev'), count: Number(of('bisect_all')) });
  }

  async ranked(olds: readonly string[], newer: string): Promise<string[]> {
    const said = await this.#ask('rev-list', '--bisect-all', newer, ...olds.map((old) => `^${old}`));
    return said
      .trim()
      .split('\n')
      .flatMap((line) => line.split(' ')[0] ?? []);
  }

  /** How many commits `newer` has that `older` has not. */
  async distance(older: string, newer: string): Promise<number> {
    return Number(await this.#ask('rev-list', '--count', newer, `^${older}`));
  }

  /** The tags from one commit to another, both included, in the order of their versions, without release candidates. */
  async tagsBetween(from: NamedCommit, to: NamedCommit): Promise<string[]> {
    const between = ['--contains', from.commit, '--merged', to.commit];
    const said = await this.#ask('tag', '--list', '--sort=version:refname', ...between);
    return linesOf(said).filter((tag) => !RELEASE_CANDIDATE.test(tag));
  }

  async facts(commit: string): Promise<CommitFacts> {
    const format = ['%P', '%an <%ae>', '%as', '%s'].join('%n');
    const said = await this.#ask('show', '--no-patch', `--format=${format}`, commit);
    const [parents = '', author = '', date = '', subject = ''] = said.split('\n');
    // Of a merge, against its first parent; of the first commit, all files.
    const against = [
      'diff-tree',
      '-r',
      '--root',
      '--no-commit-id',
      '--name-only',
      '--diff-merges=first-parent',
    ];
    const files = await this.#ask(...against, commit, '--', KVM);
    return { commit, parents: wordsOf(parents), author, date, subject, files: linesOf(files) };
  }

  #ask(...argv: string[]): Promise<string> {
    return askGit(this.directory, argv, this.#signal);
  }
}

const vars = z.object({ commit: z.string(), count: z.number().int().nonnegative() });

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}
