/** What a bisection found, for a terminal. */
import type { BisectFile, FoundStep } from '../../fixtures/kernel-steps.ts';
import {
  changesBetween,
  type CostChange,
  explained,
  inPercent,
  isMergesOwn,
} from '../analysis/kernel-changes.ts';
import { formatCost } from '../model/numbers.ts';
import { textTable } from '../../setup/lib/text-table.ts';

/** How many files of a commit are named. */
const MAX_FILES = 8;

export function bisectText(content: BisectFile): string {
  const { plan, found = [], steps } = content;
  const ends = `between ${plan.good.name} and ${plan.bad.name}`;
  const skipped = steps.filter((step) => step.state === 'skipped');
  return [
    `${found.length === 1 ? 'One change' : `${found.length} changes`} ${ends} in ${plan.cell}:`,
    ...found.map((one) => `\n${foundText(one, content)}`),
    ...remainder(content),
    ...(skipped.length === 0
      ? []
      : [
          '\nSkipped:',
          ...skipped.map(
            ({ commit, subject, cell, during, reason }) =>
              `  ${commit.slice(0, 12)} ${subject}: ${during === 'build' ? 'does not build' : `not measured in ${cell}`}: ${firstLine(reason)}`,
          ),
        ]),
  ].join('\n');
}

function foundText(found: FoundStep, content: BisectFile): string {
  const { commits, before, after, isSmall } = found;
  const [last] = commits;
  if (last === undefined) return '';
  const shown =
    commits.length === 1
      ? [`${last.commit} ${last.subject}`, `  ${last.author}, ${last.date}`]
      : [
          `One of ${commits.length} commits; those before the last could not be measured:`,
          ...commits.map(
            ({ commit, subject, author, date }) => `  ${commit.slice(0, 12)} ${subject} (${author}, ${date})`,
          ),
        ];
  const files = [...new Set(commits.flatMap((commit) => commit.files))];
  const named = files.slice(0, MAX_FILES).map((file) => `  ${file}`);
  const more = files.length > MAX_FILES ? [`  and ${files.length - MAX_FILES} other files of KVM`] : [];
  return [
    ...shown,
    ...(files.length === 0 ? ['  It touches no file of KVM.'] : [...named, ...more]),
    ...(isSmall ? ['  It is the largest part of a change that came in steps below the threshold.'] : []),
    ...(isMergesOwn(found, content)
      ? ['  Its first parent costs the same: the change came from before the good commit, by a merge.']
      : []),
    ...changesTable(changesBetween(content.steps, before, after)).map((line) => `  ${line}`),
  ].join('\n');
}

function changesTable(changes: readonly CostChange[]): string[] {
  return textTable(
    [
      ['', '', 'before', 'after', 'change'],
      ...changes.map(({ cell, benchmark, before, after, change }) => [
        cell,
        benchmark,
        formatCost(before),
        formatCost(after),
        inPercent(change),
      ]),
    ],
    { right: (column) => column > 1 },
  );
}

/** What the found commits do not explain, if that is more than the threshold. */
function remainder(content: BisectFile): string[] {
  const { threshold } = content.plan;
  return explained(content)
    .filter(({ before, whole, part }) => Math.abs(whole - part) > threshold * before)
    .map(
      ({ benchmark, whole, part }) =>
        `\nOf the ${formatCost(whole)} instructions that ${benchmark} changed by, these explain ${formatCost(part)}. The rest came in smaller steps, or together with other changes.`,
    );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
