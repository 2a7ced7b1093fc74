/**
 * The top of the page: which experiment it is, where it was measured, how much of it there is, and what to beware of.
 */
import { heading } from '../analysis/heading.ts';
import { fairnessLines } from '../analysis/fairness-lines.ts';
import { failures, notRun, skips } from '../analysis/problems.ts';
import type { Results } from '../model/experiment-results.ts';
import { count } from '../../setup/lib/count.ts';
import { html, type Html } from './html.ts';

/** Printed before any number if the hardware was not real, with what that means for the numbers. */
export function banner({ starts }: Results): Html {
  const kinds = new Set(
    starts.map(({ testbed: { kind, accelerator } }) => (kind === 'emulated' ? accelerator : kind)),
  );
  const lines = [
    ...(kinds.has('tcg')
      ? [
          html`<strong>Emulated hardware.</strong> The server is a machine emulated by QEMU (TCG). The numbers
            show how levels and configurations compare, not how fast hardware is.`,
        ]
      : []),
    ...(kinds.has('kvm')
      ? [
          html`<strong>Virtual server.</strong> The server is itself a guest of QEMU (KVM): for the hardware,
            every level is one deeper than its name.`,
        ]
      : []),
    ...(kinds.has('none')
      ? [html`<strong>Emulated hardware.</strong> The journal does not record what emulated the server.`]
      : []),
    ...(kinds.size > 1
      ? [html`<strong>Several testbeds.</strong> The starts of this experiment ran on different testbeds.`]
      : []),
    ...(starts.length === 0
      ? [html`<strong>Unknown testbed.</strong> The journal has no record of a start.`]
      : []),
  ];
  return html`${lines.map((line) => html`<p class="banner" role="note">${line}</p>`)}`;
}

export function overview(results: Results): Html {
  const facts = [...Map.groupBy(heading(results), ([word]) => word)].filter(
    // The experiment's name is the page's heading, and the sizes are in the section on the environment.
    ([word]) => word !== '' && word !== 'experiment',
  );
  const absent = notRun(results);
  return html`<section aria-labelledby="overview">
    <h2 id="overview">Overview</h2>
    <dl class="facts">
      ${facts.map(
        ([word, lines]) =>
          html`<div>
            <dt>${word}</dt>
            ${lines.map(([, line]) => html`<dd>${line}</dd>`)}
          </div>`,
      )}
      <div>
        <dt>measured</dt>
        <dd>${whatThereIs(results)}</dd>
      </div>
      ${
        absent === ''
          ? null
          : html`<div>
              <dt>not run</dt>
              <dd>${absent}</dd>
            </div>`
      }
      <div>
        <dt>time</dt>
        ${span(results).map((line) => html`<dd>${line}</dd>`)}
      </div>
    </dl>
  </section>`;
}

/** `7 benchmarks in 11 cells, 231 samples; 14 skipped`. */
function whatThereIs(results: Results): string {
  const outcomes = results.cells.flatMap(({ outcomes: its }) => [...its.values()]);
  const ofState = (state: string): number => outcomes.filter((outcome) => outcome.state === state).length;
  const samples = outcomes.reduce(
    (sum, outcome) => sum + (outcome.state === 'measured' ? outcome.statistics.n : 0),
    0,
  );
  const others = (['failed', 'skipped', 'missing'] as const)
    .map((state) => `${ofState(state)} ${state === 'missing' ? 'not run' : state}`)
    .filter((words) => !words.startsWith('0 '));
  const measured = `${ofState('measured')} of ${outcomes.length} (benchmarks times cells), ${count(samples, 'sample')}`;
  return [measured, ...others].join('; ');
}

/** From the first record to the last, in UTC. */
function span({ starts, records }: Results): string[] {
  const first = records[0]?.at;
  const last = records.at(-1)?.at;
  if (first === undefined || last === undefined) return ['nothing was recorded'];
  const times = starts.length > 1 ? `, ${starts.length} starts` : '';
  return [`${inWords(first)} to ${inWords(last)} UTC${times}`];
}

function inWords(at: string): string {
  return at.slice(0, 16).replace('T', ' ');
}

/** Failures, skips and fairness: how far the numbers can be trusted. */
export function caveats(results: Results): Html {
  const lists = [
    ['Failures', failures(results), 'Nothing failed.'],
    ['Skipped', skips(results), 'Nothing was skipped.'],
  ] as const;
  const fairness = fairnessLines(results);
  return html`<section aria-labelledby="caveats">
    <h2 id="caveats">Failures, skips and fairness</h2>
    ${lists.map(
      ([title, problems, none]) =>
        html`<h3>${title}</h3>
          ${
            problems.length === 0
              ? html`<p>${none}</p>`
              : html`<ul>
                  ${problems.map(({ reason, where }) => html`<li><b>${where}</b>: ${reason}</li>`)}
                </ul>`
          }`,
    )}
    <h3>Fairness</h3>
    ${
      fairness.length === 0
        ? html`<p>The journal does not record who else used L0’s CPUs.</p>`
        : html`<ul>
            ${fairness.map(({ text, over }) => html`<li${over ? html` class="over"` : ''}>${text}</li>`)}
          </ul>`
    }
  </section>`;
}
