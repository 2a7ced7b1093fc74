/**
 * Finds the cause of a failure of a stack. One fault has many symptoms, and the first one is rarely the cause: a server
 * that panics closes its connections, and its guests' QEMUs end with it. So the first symptom only starts a short wait
 * for others, and the most specific of them is the cause.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, NestbenchError, toNestbenchError } from '../lib/errors.ts';

/** A panicked kernel's console, its QEMU's exit and its lost connections were seen within tenths of a second. */
const SETTLE_MS = 1000;

/** The most specific first; everything else is in between. */
const CAUSES: readonly ErrorCode[] = ['NESTBENCH_GUEST_PANICKED', 'NESTBENCH_GUEST_DIED'];
const CONSEQUENCE: ErrorCode = 'NESTBENCH_CONNECTION_LOST';

export class FailureMonitor {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  readonly #signs: NestbenchError[] = [];
  #settling: Promise<void> | undefined;
  #over = false;

  /**
   * @param stop ends the stack on purpose: it is the cause of everything seen from then on.
   */
  constructor(stop: AbortSignal) {
    this.#stop = stop;
    this.signal = AbortSignal.any([stop, this.#controller.signal]);
  }

  /** Aborted with the cause, or by `stop`. */
  readonly signal: AbortSignal;

  report(sign: NestbenchError): void {
    if (this.#over || this.signal.aborted) return;
    this.#signs.push(sign);
    this.#settling ??= this.#settle();
  }

  /** The cause of what was thrown: the cause of everything seen until shortly afterwards. */
  async causeOf(thrown: unknown): Promise<NestbenchError> {
    this.report(toNestbenchError(thrown));
    await this.#settling;
    const cause: unknown = this.signal.reason;
    return toNestbenchError(cause instanceof NestbenchError ? cause : thrown);
  }

  /** The machines are being ended: nothing seen from now on is a failure. */
  end(): void {
    this.#over = true;
  }

  async #settle(): Promise<void> {
    await sleep(SETTLE_MS, undefined, { signal: this.#stop }).catch(() => {});
    const signs = this.#signs.filter((sign) => !followsFromLoss(sign, this.#signs));
    this.#controller.abort(signs.toSorted(mostSpecificFirst)[0]);
  }
}

/**
 * A guest's QEMU is observed through the machine below. If the connection to that is lost without a reason there, the
 * silence of the QEMU says nothing about the guest.
 */
function followsFromLoss(sign: NestbenchError, all: readonly NestbenchError[]): boolean {
  if (sign.code !== 'NESTBENCH_GUEST_DIED') return false;
  const below = all.filter((one) => levelOf(one) < levelOf(sign) && one.machine !== 'client');
  return (
    below.some(({ code }) => code === CONSEQUENCE) &&
    !below.some((one) => isCause(one) && !followsFromLoss(one, all))
  );
}

/**
 * Sorts causes before consequences; then the lowest level first, because it takes all above it down; then the most
 * specific.
 */
function mostSpecificFirst(one: NestbenchError, other: NestbenchError): number {
  return (
    Number(isCause(other)) - Number(isCause(one)) || levelOf(one) - levelOf(other) || rank(one) - rank(other)
  );
}

function isCause({ code }: NestbenchError): boolean {
  return CAUSES.includes(code);
}

function levelOf({ machine = '' }: NestbenchError): number {
  return Number(/^l(\d)$/.exec(machine)?.[1] ?? 0);
}

function rank({ code }: NestbenchError): number {
  const cause = CAUSES.indexOf(code);
  if (cause >= 0) return cause;
  return code === CONSEQUENCE ? CAUSES.length + 1 : CAUSES.length;
}
