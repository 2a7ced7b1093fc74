/** What the breakdown of dvh is compared with: the same benchmarks on the bare machine. */
import { test } from '../cell.ts';

test('hackbench', ({ measure }) => measure('hackbench'));
test('mysql', ({ measure }) => measure('mysql'));
test('netperf-rr', ({ measure }) => measure('netperf-rr'));
test('netperf-stream', ({ measure }) => measure('netperf-stream'));
test('netperf-maerts', ({ measure }) => measure('netperf-maerts'));
test('apache', ({ measure }) => measure('apache'));
test('memcached', ({ measure }) => measure('memcached'));
