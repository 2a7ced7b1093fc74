/**
 * Which level runs after an entry. The emulator executes only L0's VMRUN: that of a deeper level is an exit to L0, which
 * then runs its guest with a VMCB of its own. So L0 has one VMCB for L1, and one for whatever L1 asked for.
 */
import type { Level } from '../../fixtures/levels.ts';
import { VMRUN } from './exit-reasons.ts';
import { BLOCK, ENTRY, EXIT, type PathRecord } from './path-records.ts';

/** The measured program is the only 64-bit code that a guest runs in the first 4 GiB of its address space. */
const PROGRAM_END = 2 ** 32;

export function isProgram(address: number): boolean {
  return address >= 0 && address < PROGRAM_END;
}

/** Follows the records of a block; before the first of them the measured program runs. */
export class Guests {
  readonly #program: Level;
  /** L0's VMCBs in which the program runs: at L1 one per vCPU; else that of all of L1's guests. */
  readonly #vmcbs: ReadonlySet<number>;
  /** Of L1's guests, those that are the program, by the address of the VMCB that L1 asked for. */
  readonly #programs: ReadonlySet<number | undefined>;
  #vmcb: number | undefined;
  #asked: number | undefined;

  constructor(program: Level, records: () => Iterable<PathRecord>) {
    this.#program = program;
    this.#vmcbs = new Set(vmcbsOfProgram(records()));
    this.#programs = new Set(this.#askedForProgram(records()));
  }

  /** Notes an exit. Before the first entry the VMCB is unknown, but it is the program that exits. */
  exit({ n: code, b: guestRax }: PathRecord): void {
    if (code === VMRUN && this.#vmcb !== undefined && !this.#vmcbs.has(this.#vmcb)) this.#asked = guestRax;
  }

  /** @returns the level that L0 enters. */
  enter({ a: vmcb }: PathRecord): Level {
    this.#vmcb = vmcb;
    if (!this.#vmcbs.has(vmcb)) return 1;
    if (this.#program <= 2 || this.#programs.has(this.#asked)) return this.#program;
    return 2;
  }

  *#askedForProgram(records: Iterable<PathRecord>): Iterable<number | undefined> {
    for (const record of records) {
      if (record.kind === EXIT) this.exit(record);
      else if (record.kind === ENTRY) this.#vmcb = record.a;
      else if (record.kind === BLOCK && isProgram(record.a)) yield this.#asked;
    }
    this.#vmcb = undefined;
    this.#asked = undefined;
  }
}

function* vmcbsOfProgram(records: Iterable<PathRecord>): Iterable<number> {
  let vmcb: number | undefined;
  for (const { kind, a } of records) {
    if (kind === ENTRY) vmcb = a;
    else if (kind === BLOCK && isProgram(a) && vmcb !== undefined) yield vmcb;
  }
}
