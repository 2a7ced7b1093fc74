/**
 * The functions that called each other, from the addresses and stack pointers of executed blocks. No frame pointers and
 * no unwinder are needed: a function that is entered at its first instruction was called, and it has returned once the
 * stack pointer is above its return address.
 */
import { isProgram } from './recorded-guests.ts';
import type { Symbols } from './symbols.ts';

interface Frame {
  readonly name: string;
  /** The stack pointer at the function's first instruction, or as high as it was seen if it was called earlier. */
  readonly sp: number;
}

/** THREAD_SIZE (arch/x86/include/asm/page_64_types.h): a kernel stack is so long, and aligned to it. */
const STACK_BYTES = 16_384;

export const USER_MODE = 'user mode (QEMU)';
export const PROGRAM = 'guest program';

/** Of one level; each of its tasks has a stack of its own. */
export class CallStacks {
  readonly #symbols: Symbols;
  readonly #stacks = new Map<number, Frame[]>();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /**
   * A block was executed.
   * @returns the functions, outermost first.
   */
  at(pc: number, sp: number): string[] {
    if (pc >= 0) return [isProgram(pc) ? PROGRAM : USER_MODE];
    const stack = this.#stackOf(sp);
    const { name, start } = this.#symbols.find(pc) ?? { name: 'unknown', start: NaN };
    while (stack.length > 0 && (stack.at(-1)?.sp ?? 0) < sp) stack.pop();
    let top = stack.at(-1);
    const isEntered = pc === start;
    // A jump to another function at the end of this one: that one returns to this one's caller.
    if (isEntered && top?.sp === sp && top.name !== name) {
      stack.pop();
      top = undefined;
    }
    // Going around a loop to the first instruction is no call.
    const isCall = isEntered && top?.sp !== sp;
    if (isCall || top?.name !== name) stack.push({ name, sp });
    return stack.map((frame) => frame.name);
  }

  #stackOf(sp: number): Frame[] {
    const key = Math.floor(sp / STACK_BYTES);
    const known = this.#stacks.get(key);
    if (known !== undefined) return known;
    const made: Frame[] = [];
    this.#stacks.set(key, made);
    return made;
  }
}
