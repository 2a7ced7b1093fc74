import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { chooseAccelerator } from './choose-accelerator.ts';

/** A host with SVM and nesting, and a /dev/kvm that this user may open. */
function hardware(): string {
  const root = temporaryDirectory();
  const files = {
    'dev/kvm': '',
    'proc/cpuinfo': 'flags\t: fpu svm\n',
    'sys/module/kvm_amd/parameters/nested': '1\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

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
    const selected = await chooseAccelerator({ accelerator: asked, clock }, hardware());
    expect(selected).toEqual({ accelerator, hasSvm: true, reason: expect.stringContaining(words) });
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
