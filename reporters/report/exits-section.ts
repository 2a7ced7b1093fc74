/** Exits at L0 per operation of a benchmark, by cell. Nesting multiplies them. */
import { EXITS } from '../../fixtures/kvm-counters.ts';
import { exitRates, type ExitRates } from '../analysis/exits.ts';
import { exitsCsv } from '../files/exits-csv.ts';
import { formatValue } from '../model/numbers.ts';
import type { Results } from '../model/experiment-results.ts';
import { dataTable, number } from './data-table.ts';
import { figure, type Panel } from './figure.ts';
import { html, type Html } from './html.ts';
import { colour, fillOf } from './palette.ts';
import { NAMES_WIDTH, panelTitle, rowNames } from './panel-marks.ts';
import { draw, plotLibrary } from './svg.ts';
import { logTicks } from './ticks.ts';

const TITLE = 'Exits at L0 per operation';
const WIDTH = 334;
const ROW = 20;

export function exits(results: Results): Html {
  const rates = exitRates(results);
  if (rates.length === 0) {
    return html`<section aria-labelledby="exits">
      <h2 id="exits">Exits</h2>
      <p class="none">
        No sample has exit counts: cells at L0 have no guest, and older journals have no counts.
      </p>
    </section>`;
  }
  const panels = [...Map.groupBy(rates, ({ benchmark }) => benchmark)].map(([benchmark, its]) =>
    panel(benchmark, its),
  );
  return html`<section aria-labelledby="exits">
    <h2 id="exits">Exits</h2>
    <p>
      Exits that KVM on L0 counted during the samples, for all levels: every exit of a nested guest goes to L0
      first. All counters are in <code>exits.csv</code>.
    </p>
    ${figure({
      name: 'exits-per-operation',
      title: TITLE,
      description: `Exits at L0 of ${panels.length} benchmarks, by cell.`,
      caption: html`<p>
        Each axis is logarithmic. If a benchmark does not report its amount of work, exits are per second.
      </p>`,
      shown: { panels },
      table: table(rates),
      csv: exitsCsv(rates, EXITS),
    })}
  </section>`;
}

/** Exits per operation, or per second; null if they were not counted. */
function rateOf(rates: ExitRates): number | null {
  const own = counterOf(rates);
  return own === undefined ? null : (own.perOperation ?? own.perSecond);
}

/** How many characters fit under an axis of 200 px with gaps between labels: 18 are legible, 24 touch. */
const MAX_LABEL_CHARACTERS = 18;

function labelOf(tick: number): string {
  return tick.toLocaleString('en');
}

function panel(benchmark: string, rates: readonly ExitRates[]): Panel {
  const operation = rates[0]?.operation ?? 'second';
  const rows = rates.flatMap((one) => {
    const value = rateOf(one);
    return value === null || value === 0
      ? []
      : { name: one.cell.name, configuration: one.cell.configuration, value };
  });
  const plot = plotLibrary();
  const values = rows.map(({ value }) => value);
  const min = Math.min(...values);
  const domain = [min / 1.15, Math.max(...values, min * 10) * 1.1] as const;
  // Labels at 1, 2 and 5 only have room if they are few and short.
  const all = logTicks(...domain);
  const isRoomy = all.map(labelOf).join('').length <= MAX_LABEL_CHARACTERS;
  const ticks = isRoomy ? all : all.filter((tick) => Number.isInteger(Math.log10(tick)));
  const title = `${benchmark}: exits per ${operation}`;
  const drawing = draw({
    width: WIDTH,
    height: 44 + ROW * rows.length,
    marginLeft: NAMES_WIDTH,
    marginRight: 50,
    marginTop: 24,
    marginBottom: 20,
    x: { type: 'log', domain: [...domain], axis: null },
    y: { type: 'band', domain: rows.map(({ name }) => name), axis: null },
    marks: [
      plot.gridX(ticks, { stroke: colour('grid'), strokeOpacity: 1 }),
      plot.text(ticks, {
        x: (tick: number) => tick,
        text: labelOf,
        frameAnchor: 'bottom',
        dy: 14,
        fill: colour('muted'),
      }),
      rowNames(rows),
      plot.ruleY(rows, { y: 'name', stroke: colour('grid') }),
      plot.dot(rows, {
        x: 'value',
        y: 'name',
        r: 4.5,
        fill: ({ configuration }: { configuration: string }) => fillOf(configuration),
      }),
      plot.text(rows, {
        x: 'value',
        y: 'name',
        text: ({ value }: { value: number }) => shortCount(value),
        dx: 9,
        textAnchor: 'start',
        stroke: colour('paper'),
        strokeWidth: 3,
        fill: colour('ink'),
      }),
      panelTitle(title),
    ],
  });
  const description = rows.map(({ name, value }) => `${name} ${shortCount(value)}`).join(', ');
  return { title, description: `${description}.`, drawing };
}

/** Three digits suffice on a logarithmic axis. */
function shortCount(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function counterOf({ counters }: ExitRates): ExitRates['counters'][number] | undefined {
  return counters.find(({ name }) => name === EXITS);
}

function table(rates: readonly ExitRates[]): Html {
  return dataTable(TITLE, rates, [
    { heading: 'benchmark', cell: ({ benchmark }) => benchmark },
    { heading: 'cell', cell: ({ cell }) => cell.name },
    { heading: 'samples', cell: ({ n }) => n, isNumber: true },
    {
      heading: 'exits per second',
      cell: (one) => number(counterOf(one)?.perSecond, formatValue),
      isNumber: true,
    },
    { heading: 'operation', cell: ({ operation }) => operation },
    {
      heading: 'exits per operation',
      cell: (one) => number(counterOf(one)?.perOperation, formatValue),
      isNumber: true,
    },
  ]);
}
