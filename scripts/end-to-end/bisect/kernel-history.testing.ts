/** A git repository whose history has what a bisection must cope with, made from trixie's linux-source. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached } from '../../../setup/build/cache/build-cache.ts';
import { LEFT_OUT } from '../../../setup/build/kernel/kernel.ts';
import { buildToolchain, kernelSource } from '../../../setup/build/toolchain/toolchain.ts';
import { runTool } from '../../../setup/build/tool.ts';
import { SOMEBODY } from '../../../setup/testbed/physical/kernel-repository.testing.ts';

/** The only file that changes, so that each commit after the first is built in seconds. */
const FILE = 'arch/x86/kvm/svm/svm.c';

/** Two places in it, as 6.12 has them. */
const EXIT = '\tif (is_guest_mode(vcpu)) {\n\t\tint vmexit;\n';
const INIT = '\t__unused_size_checks();\n';

/** Instructions of no use: one for each round, as gcc unrolls the loop once. */
const detour = (rounds: number): string =>
  `for (int round = 0; round < ${rounds}; round++)\n\t\t\tbarrier();\n`;
const DETOUR_OF_ALL = `\tif (!is_guest_mode(vcpu)) {\n\t\t${detour(200)}\t}\n`;
const NO_CODE = '\tthis does not compile;\n';
const PANIC = '\tpanic("This commit does not boot");\n';

interface Edit {
  readonly subject: string;
  readonly from: string;
  readonly to: string;
}

const remark = (number: number): Edit => ({
  subject: `KVM: SVM: Add remark ${number}`,
  from: INIT,
  to: `\t/* Remark ${number}. */\n${INIT}`,
});

export const SUBJECTS = {
  faster: 'KVM: SVM: Make exits of a guest faster',
  unbuildable: 'KVM: SVM: Do not compile',
  unbootable: 'KVM: SVM: Panic in init',
  slower: 'KVM: SVM: Make exits of a nested guest slower',
} as const;

const without = (subject: string, line: string): Edit => ({ subject, from: line, to: '' });
const withLine = (subject: string, line: string): Edit => ({ subject, from: INIT, to: `${line}${INIT}` });

/**
 * The commits after the first one, whose exits take a detour at every level. The one that does not build is in the middle.
 * From the fourth or the tenth, to which a search goes then, it comes by one of those that do not boot.
 */
const EDITS: readonly Edit[] = [
  remark(1),
  without(SUBJECTS.faster, DETOUR_OF_ALL),
  remark(3),
  remark(4),
  withLine(SUBJECTS.unbootable, PANIC),
  without('KVM: SVM: Do not panic in init', PANIC),
  withLine(SUBJECTS.unbuildable, NO_CODE),
  without('KVM: SVM: Compile', NO_CODE),
  withLine(SUBJECTS.unbootable, PANIC),
  without('KVM: SVM: Do not panic in init', PANIC),
  remark(11),
  { subject: SUBJECTS.slower, from: EXIT, to: `${EXIT}\n\t\t${detour(1500)}` },
  remark(13),
  remark(14),
];

/** Its first commit is tagged `first`, its last one `last`. */
export async function kernelHistory(signal: AbortSignal): Promise<string> {
  const source = kernelSource(await buildToolchain(signal));
  const { directory } = await cached({
    name: 'kernel-history',
    inputs: {
      recipe: 1,
      version: source.version,
      leftOut: LEFT_OUT,
      detour: DETOUR_OF_ALL,
      edits: JSON.stringify(EDITS),
    },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const tree = path.join(place, 'linux');
      mkdirSync(tree);
      const tool = { log, signal: within, cwd: tree, env: SOMEBODY, purpose: 'making a history of kernels' };
      const git = (...words: string[]): void => {
        execFileSync('git', words, { cwd: tree, env: { ...process.env, ...SOMEBODY } });
      };
      const leftOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
      await runTool(
        ['tar', '--extract', `--file=${source.tarball}`, '--strip-components=1', ...leftOut],
        tool,
      );
      edit(tree, { subject: '', from: EXIT, to: `${DETOUR_OF_ALL}${EXIT}` });
      await runTool(['git', 'init', '--quiet', '--initial-branch=main'], tool);
      // Including what the source's own .gitignore names.
      await runTool(['git', 'add', '--all', '--force', '.'], tool);
      git('commit', '--quiet', '--message', `Linux ${source.version}`);
      git('tag', 'first');
      for (const one of EDITS) {
        edit(tree, one);
        git('commit', '--quiet', '--all', '--message', one.subject);
      }
      git('tag', 'last');
      await runTool(['sh', '-c', 'mv .git ../repository && cd .. && rm -r linux'], tool);
      return {};
    },
  });
  return path.join(directory, 'repository');
}

function edit(tree: string, { subject, from, to }: Edit): void {
  const file = path.join(tree, FILE);
  const text = readFileSync(file, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${FILE} does not have the place of "${subject}" once.`);
  writeFileSync(file, text.replace(from, to));
}
