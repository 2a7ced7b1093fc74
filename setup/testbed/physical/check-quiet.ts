/** Whether anything on a machine would disturb the numbers. */
import { BENCHMARK_PORTS } from '../../../fixtures/benchmarks/index.ts';
import { BOTH, type Check, said, SERVER } from './check.ts';

export const QUIET_CHECKS: readonly Check[] = [
  {
    name: 'CPU frequency',
    by: ['governors', 'noTurbo', 'boost'],
    on: BOTH,
    needed: 'the governor "performance", turbo off',
    otherwise: 'unquiet',
    fix: 'npm run tune -- on',
    look: ({ governors, noTurbo, boost }) => ({
      holds: /^(performance ?)?$/.test(governors ?? '') && noTurbo !== '0' && boost !== '1',
      found:
        governors === '' && noTurbo === '' && boost === ''
          ? 'not the system’s to set'
          : `governor ${said(governors?.trim(), 'none')}, turbo ${noTurbo === '0' || boost === '1' ? 'on' : 'off'}`,
    }),
  },
  {
    name: 'swap',
    by: ['swaps'],
    on: BOTH,
    needed: 'none',
    otherwise: 'unquiet',
    fix: 'npm run tune -- on',
    look: ({ swaps }) => ({ holds: swaps === '', found: said(swaps?.trim(), 'none') }),
  },
  {
    name: 'irqbalance',
    by: ['irqbalance'],
    on: BOTH,
    needed: 'not running',
    otherwise: 'unquiet',
    fix: 'npm run tune -- on',
    look: ({ irqbalance }) => ({
      holds: irqbalance === '',
      found: irqbalance === '' ? 'not running' : 'running',
    }),
  },
  {
    name: 'services',
    by: ['listening'],
    on: SERVER,
    needed: `nothing of the machine's own that listens where the servers of benchmarks do (${BENCHMARK_PORTS.join(', ')}), for l0-baseline`,
    otherwise: 'some cells',
    fix: 'Stop its service: ss --listening --tcp --processes shows which program it is.',
    look: ({ listening = '' }) => {
      const theirs = new Set(listening.split(' ').map((port) => Number.parseInt(port, 16)));
      const taken = BENCHMARK_PORTS.filter((port) => theirs.has(port));
      return {
        holds: taken.length === 0,
        found: taken.length === 0 ? 'none in the way' : `one listens on ${taken.join(', ')}`,
      };
    },
  },
  {
    name: 'other work',
    by: ['busy'],
    on: BOTH,
    needed: 'no process that takes a tenth of a CPU',
    otherwise: 'unquiet',
    fix: 'End it, or wait for its end.',
    look: ({ busy }) => ({ holds: busy === '', found: said(busy?.trim(), 'none') }),
  },
];
