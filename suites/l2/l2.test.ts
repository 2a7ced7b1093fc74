/** The benchmarks of the paper at L2, once for every configuration of that level: each is a Vitest project. */
import { test } from '../cell.ts';

test('hackbench', ({ measure }) => measure('hackbench'));
test('mysql', ({ measure }) => measure('mysql'));
test('netperf-rr', ({ measure }) => measure('netperf-rr'));
test('netperf-stream', ({ measure }) => measure('netperf-stream'));
test('netperf-maerts', ({ measure }) => measure('netperf-maerts'));
test('apache', ({ measure }) => measure('apache'));
test('memcached', ({ measure }) => measure('memcached'));
