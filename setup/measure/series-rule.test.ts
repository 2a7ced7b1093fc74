import { describe, expect, test } from 'vitest';
import { PROFILES } from '../../fixtures/profiles.ts';
import { counting, toy } from './toys.testing.ts';
import { counter, measurement } from './measurement.testing.ts';

describe('a series that a rule ends', () => {
  const paper = { iterations: 12 };
  const sizes = { paper, quick: { iterations: 3 }, smoke: { iterations: 1 } };

  test('takes the minimum number of samples if they are similar, and says why it ended', async () => {
    const { measure, records, summary } = measurement();
    await measure(toy({ script: 'echo 5', sizes }), { profile: PROFILES.adaptive });
    expect(summary()).toEqual([
      'series 1',
      ...[1, 2, 3, 4, 5].map((iteration) => `sample 1.${iteration} = 5`),
      'stop 1: target reached with 5',
    ]);
    expect(records()[0]).toMatchObject({
      sizes: { iterations: 12 },
      rule: { kind: 'half-width', target: 0.02, confidence: 0.975, least: 5, most: 12 },
    });
    expect(records().at(-1)).toMatchObject({ cell: 'l1-baseline', benchmark: 'toy', halfWidth: 0 });
  });

  test('continues while the interval is wide, and ends with the sample that makes it narrow', async () => {
    const { measure, scratch, summary, records } = measurement();
    // 104 and 100 alternately: the half-width is 3.34, 2.77, 2.35 and 2.11 % of the mean with 5 to 8 samples, 1.89 with
    // 9.
    const script = `${counting(scratch('n'))}; echo $((100 + 4 * (n % 2)))`;
    await measure(toy({ script, sizes: { ...sizes, paper: { iterations: 40 } } }), {
      profile: PROFILES.adaptive,
    });
    expect(summary().filter((line) => line.startsWith('sample'))).toHaveLength(9);
    expect(summary().at(-1)).toBe('stop 1: target reached with 9');
    expect(records().at(-1)).toMatchObject({ halfWidth: expect.closeTo(0.0189, 4) });
  });

  test('takes all if the samples resemble their predecessors when it could end, and says why', async () => {
    const { measure, scratch, summary, records } = measurement();
    // Five of 97, five of 103, and so on: the half-width is below 2 % after about 16.
    const script = `${counting(scratch('n'))}; echo $((97 + 6 * (n / 5 % 2)))`;
    await measure(toy({ script, sizes: { ...sizes, paper: { iterations: 40 } } }), {
      profile: PROFILES.adaptive,
    });
    expect(summary().at(-1)).toBe('stop 1: target reached with 40');
    expect(records().at(-1)).toMatchObject({ doubt: 'correlated' });
  });

  test('takes the paper’s number if that is not enough', async () => {
    const { measure, scratch, summary } = measurement();
    await measure(toy({ script: counter(scratch('n')), sizes }), { profile: PROFILES.adaptive });
    expect(summary()).toHaveLength(14);
    expect(summary().at(-1)).toBe('stop 1: most taken with 12');
  });

  test('continues after a failure, which counts as tried and not as a sample', async () => {
    const { measure, scratch, summary } = measurement();
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && exit 7; echo 5`;
    const measuring = measure(toy({ script, sizes }), { profile: PROFILES.adaptive });
    await expect(measuring).rejects.toThrow(/ended with 7/);
    expect(summary().slice(1)).toEqual([
      'sample 1.1 = 5',
      'failure 1.2 COMMAND_FAILED',
      ...[3, 4, 5, 6].map((iteration) => `sample 1.${iteration} = 5`),
      'stop 1: target reached with 5',
    ]);
  });

  test('says nothing about its rule if it was given up', async () => {
    const { measure, records, summary } = measurement();
    const measuring = measure(toy({ script: 'exit 7', sizes }), { profile: PROFILES.adaptive });
    await expect(measuring).rejects.toThrow(/ended with 7/);
    expect(summary().filter((line) => line.startsWith('stop'))).toEqual([]);
    expect(records().at(-1)).toHaveProperty(
      'message',
      'toy failed 3 times in a row in l1-baseline, run 1, so its remaining 9 iterations were not tried.',
    );
  });

  test('ends each of its runs separately', async () => {
    const { measure, scratch, summary } = measurement();
    const script = `${counting(scratch('n'))}; if [ $n -le 5 ]; then echo 5; else echo $n; fi`;
    await measure(toy({ script, sizes }), { profile: { ...PROFILES.adaptive, runs: 2 } });
    expect(summary().filter((line) => line.startsWith('stop'))).toEqual([
      'stop 1: target reached with 5',
      'stop 2: most taken with 12',
    ]);
  });

  test('reports the width of its interval, and the time left', async () => {
    const { measure, scratch, progress } = measurement();
    await measure(toy({ script: counter(scratch('n')), sizes }), { profile: PROFILES.adaptive });
    expect(progress.map(({ text }) => text)).toEqual([
      'toy: iteration 1 of 5 to 12, interval target ± 2 %',
      'toy: iteration 2 of 5 to 12, interval target ± 2 %',
      expect.stringMatching(/^toy: iteration 3 of 5 to 12, interval ± \d+\.\d %, target 2 %$/),
      ...Array.from({ length: 9 }, () => expect.stringMatching(/interval ± \d+\.\d %, target 2 %$/)),
    ]);
    const fractions = progress.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.map((_, index) => index / 12));
    expect(progress[0]?.secondsLeft).toBe(12);
  });
});
