/** What one exit of L1 costs: its guest program runs on L0, in virtual time where the server is emulated. */
import { microTest as test } from '../cell.ts';

test('hypercall', ({ measure }) => measure('hypercall'));
test('device-notify', ({ measure }) => measure('device-notify'));
test('program-timer', ({ measure }) => measure('program-timer'));
test('send-ipi', ({ measure }) => measure('send-ipi'));
test('timer-expiry', ({ measure }) => measure('timer-expiry'));
test('self-ipi', ({ measure }) => measure('self-ipi'));
test('halt-wake', ({ measure }) => measure('halt-wake'));
test('cpuid', ({ measure }) => measure('cpuid'));
