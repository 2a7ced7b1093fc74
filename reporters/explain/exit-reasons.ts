/** The names of SVM's exit codes (AMD64 Architecture Programmer's Manual, volume 2, appendix C). */
import type { PathRecord } from './path-records.ts';

export const VMRUN = 0x80;
export const INTR = 0x60;
const NPF = 0x400;
const IOIO = 0x7b;
const MSR = 0x7c;

const NAMES: ReadonlyMap<number, string> = new Map([
  [INTR, 'physical interrupt'],
  [0x61, 'NMI'],
  [0x63, 'INIT'],
  [0x64, 'interrupt window'],
  [0x65, 'write of CR0'],
  [0x6e, 'RDTSC'],
  [0x72, 'CPUID'],
  [0x77, 'PAUSE'],
  [0x78, 'HLT'],
  [0x79, 'INVLPG'],
  [0x7a, 'INVLPGA'],
  [0x7f, 'shutdown'],
  [VMRUN, 'VMRUN'],
  [0x81, 'VMMCALL'],
  [0x82, 'VMLOAD'],
  [0x83, 'VMSAVE'],
  [0x84, 'STGI'],
  [0x85, 'CLGI'],
  [0x8a, 'MONITOR'],
  [0x8b, 'MWAIT'],
  [0x8d, 'XSETBV'],
]);

/** Those that KVM or the guest program write; arch/x86/include/asm/msr-index.h has all. */
const MSRS: ReadonlyMap<number, string> = new Map([
  [0x10, 'TSC'],
  [0x1b, 'APIC_BASE'],
  [0x48, 'SPEC_CTRL'],
  [0x174, 'SYSENTER_CS'],
  [0x175, 'SYSENTER_ESP'],
  [0x176, 'SYSENTER_EIP'],
  [0x1d9, 'DEBUGCTL'],
  [0x6e0, 'TSC_DEADLINE'],
  [0x80b, 'x2APIC EOI'],
  [0x80d, 'x2APIC LDR'],
  [0x80f, 'x2APIC SVR'],
  [0x830, 'x2APIC ICR'],
  [0x832, 'x2APIC timer'],
  [0xda0, 'XSS'],
  [0xc0000080, 'EFER'],
  [0xc0000081, 'STAR'],
  [0xc0000082, 'LSTAR'],
  [0xc0000083, 'CSTAR'],
  [0xc0000084, 'SYSCALL_MASK'],
  [0xc0000100, 'FS_BASE'],
  [0xc0000101, 'GS_BASE'],
  [0xc0000102, 'KERNEL_GS_BASE'],
  [0xc0000103, 'TSC_AUX'],
  [0xc0010114, 'VM_CR'],
  [0xc0010117, 'VM_HSAVE_PA'],
]);

/** Bits of exit_info_1 (APM volume 2, 15.10 and 15.11). */
const IO_IN = 1;
const MSR_WRITE = 1;

/** Why a guest left: `VMMCALL`, `write of x2APIC ICR`, `exception 14`, `exit 0x6b`. */
export function exitReason({ n: code, a: info, b }: Pick<PathRecord, 'n' | 'a' | 'b'>): string {
  const name = NAMES.get(code);
  if (name !== undefined) return name;
  if (code === MSR) {
    const number = b >>> 0;
    return `${info === MSR_WRITE ? 'write' : 'read'} of ${MSRS.get(number) ?? `MSR 0x${number.toString(16)}`}`;
  }
  if (code === IOIO) {
    const port = `port 0x${(Math.floor(info / 65536) & 0xffff).toString(16)}`;
    return (info & IO_IN) === 1 ? `read of ${port}` : `write to ${port}`;
  }
  if (code === NPF) return `nested page fault at 0x${b.toString(16)}`;
  if (code < 0x10) return `read of CR${code}`;
  if (code < 0x20) return `write of CR${code - 0x10}`;
  if (code < 0x30) return `read of DR${code - 0x20}`;
  if (code < 0x40) return `write of DR${code - 0x30}`;
  if (code < 0x60) return `exception ${code - 0x40}`;
  return `exit 0x${code.toString(16)}`;
}
