/** The parameters of the host's KVM on which the cost of a nested guest's exits depends. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The hardware virtualization of a CPU, by its flag in /proc/cpuinfo. */
export type Extension = 'svm' | 'vmx';

export const KVM_MODULES = { svm: 'kvm_amd', vmx: 'kvm_intel' } as const satisfies Record<Extension, string>;

/** Linux sets each to off if the CPU lacks it (svm_hardware_setup, vmx_hardware_setup). */
const PARAMETERS: Readonly<Record<Extension, readonly string[]>> = {
  svm: ['npt', 'nrips', 'vgif', 'vls', 'avic'],
  vmx: [
    ['ept', 'unrestricted_guest', 'vpid', 'flexpriority', 'enable_apicv'],
    ['enable_shadow_vmcs', 'preemption_timer', 'pml'],
  ].flat(),
};

/** Switches are numbers or letters, depending on the kernel's release. */
const SWITCH: Readonly<Record<string, string>> = { '1': 'on', Y: 'on', '0': 'off', N: 'off' };

/** For the experiment's record: the module and its parameters. */
export async function describeKvm(extension: Extension, root = '/'): Promise<string> {
  const module = KVM_MODULES[extension];
  const values = PARAMETERS[extension].map(async (name) => {
    const file = path.join(root, 'sys/module', module, 'parameters', name);
    const text = await readFile(file, 'utf8').catch(() => 'unknown');
    return `${name}=${SWITCH[text.trim()] ?? text.trim()}`;
  });
  return [module, ...(await Promise.all(values))].join(' ');
}
