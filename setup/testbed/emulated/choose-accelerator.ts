/** What executes the server's instructions: the host's hardware (kvm) or QEMU (tcg). */
import type { Accelerator } from '../../../fixtures/accelerator.ts';
import { InputError } from '../../lib/errors.ts';
import type { Settings } from '../../run/settings.ts';
import { hostVirtualization } from '../host-resources.ts';

export interface ChosenAccelerator {
  readonly accelerator: Accelerator;
  /** Whether the server's CPU has SVM, as the emulated one does. */
  readonly hasSvm: boolean;
  /** The parameters of the host's KVM, if it is used. */
  readonly kvm?: string | undefined;
  /** A sentence that says why. */
  readonly reason: string;
}

/**
 * ACCELERATOR, or kvm where it works. Only an emulated server has a virtual clock, so CLOCK=virtual is tcg.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if ACCELERATOR is kvm and the hardware can't be used.
 */
export async function chooseAccelerator(
  { accelerator: asked, clock }: Pick<Settings, 'accelerator' | 'clock'>,
  root = '/',
): Promise<ChosenAccelerator> {
  if (asked === 'tcg') return emulated('ACCELERATOR=tcg asks for it');
  if (asked === undefined && clock === 'virtual') return emulated('CLOCK=virtual counts its instructions');
  const { accelerator, why, extension, kvm } = await hostVirtualization(root);
  if (accelerator === 'kvm')
    return {
      accelerator,
      hasSvm: extension === 'svm',
      kvm,
      reason: `The server runs on the host's hardware: ${why}.`,
    };
  if (asked === undefined) return emulated(why);
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `ACCELERATOR is "kvm", but the server can't run on this host's hardware: ${why}. Change that (npm run doctor says how), or measure with ACCELERATOR=tcg.`,
  );
}

function emulated(why: string): ChosenAccelerator {
  return { accelerator: 'tcg', hasSvm: true, reason: `The server is emulated, because ${why}.` };
}
