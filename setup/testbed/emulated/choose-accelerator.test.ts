import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { capturedHost } from '../captured-host.testing.ts';
import { chooseAccelerator } from './choose-accelerator.ts';

test.each([
  [undefined, undefined, 'kvm', "The server runs on the host's hardware: "],
  ['kvm', undefined, 'kvm', 'the CPU has svm'],
  ['tcg', undefined, 'tcg', 'The server is emulated, because ACCELERATOR=tcg asks for it.'],
  ['tcg', 'virtual', 'tcg', 'ACCELERATOR=tcg'],
  [undefined, 'real', 'kvm', 'hardware'],
  [undefined, 'virtual', 'tcg', 'because CLOCK=virtual counts its instructions.'],
] as const)(
  'on a host with nesting, ACCELERATOR=%s and CLOCK=%s choose %s',
  async (asked, clock, accelerator, words) => {
    const selected = await chooseAccelerator({ accelerator: asked, clock }, capturedHost('amd'));
    expect(selected).toMatchObject({ accelerator, hasSvm: true, reason: expect.stringContaining(words) });
  },
);

test('without the hardware the server is emulated, and ACCELERATOR=kvm is rejected with the reason', async () => {
  const none = temporaryDirectory();
  const selected = await chooseAccelerator({ accelerator: undefined, clock: undefined }, none);
  expect(selected).toMatchObject({
    accelerator: 'tcg',
    reason: expect.stringContaining('neither svm nor vmx'),
  });
  await expect(chooseAccelerator({ accelerator: 'kvm', clock: undefined }, none)).rejects.toMatchObject({
    code: 'NESTBENCH_UNKNOWN_SETTING',
    message: expect.stringMatching(/^ACCELERATOR is "kvm", but .*neither svm nor vmx.*ACCELERATOR=tcg\.$/),
  });
});

test.each([
  ['amd', true, 'svm, and kvm_amd has nested=1', 'kvm_amd npt=on nrips=on vgif=on vls=on avic=off'],
  [
    'intel',
    false,
    'vmx, and kvm_intel has nested=Y',
    'kvm_intel ept=on unrestricted_guest=on vpid=on flexpriority=on enable_apicv=on enable_shadow_vmcs=on preemption_timer=on pml=on',
  ],
] as const)('a captured host with %s is used, and its KVM described', async (name, hasSvm, words, kvm) => {
  expect(await chooseAccelerator({ accelerator: undefined, clock: undefined }, capturedHost(name))).toEqual({
    accelerator: 'kvm',
    hasSvm,
    kvm,
    reason: expect.stringMatching(
      new RegExp(`^The server runs on the host's hardware: .* the CPU has ${words}\\.$`),
    ),
  });
});
