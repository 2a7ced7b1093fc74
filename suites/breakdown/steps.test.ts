/** The breakdown of dvh, with the bare machine: the same benchmarks in each of its steps (fixtures/configurations/breakdown-steps.ts). */
import { test } from '../cell.ts';

test('hackbench', ({ measure }) => measure('hackbench'));
test('mysql', ({ measure }) => measure('mysql'));
test('netperf-rr', ({ measure }) => measure('netperf-rr'));
test('netperf-stream', ({ measure }) => measure('netperf-stream'));
test('netperf-maerts', ({ measure }) => measure('netperf-maerts'));
test('apache', ({ measure }) => measure('apache'));
test('memcached', ({ measure }) => measure('memcached'));
