import { expect, test } from 'vitest';
import { CELLS, findCell } from '../../../fixtures/matrix.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import { type ReadSource, sourceFaults } from './source-faults.ts';
import { parseTestbed } from './testbed-file.ts';

const OPTIONS =
  `M bios accel cpu smp m nodefaults no-user-config display no-reboot S kernel append device drive chardev
  object qmp netdev daemonize no-hpet overcommit`.split(/\s+/);
/** As in the artifact's QEMU 3.1, and a little of its files. */
const QEMU: Readonly<Record<string, string>> = {
  VERSION: '3.1.0\n',
  'qemu-options.hx': OPTIONS.map((name) => `DEF("${name}", HAS_ARG, QEMU_OPTION_x, "", QEMU_ARCH_ALL)`).join(
    '\n',
  ),
  'hw/i386/intel_iommu.c': `
    DEFINE_PROP_UINT8("x-aw-bits", IntelIOMMUState, aw_bits, VTD_HOST_ADDRESS_WIDTH),
    DEFINE_PROP_BOOL("intpost", IntelIOMMUState, intpost, FALSE),
    DEFINE_PROP_BOOL("caching-mode", IntelIOMMUState, caching_mode, FALSE),`,
  'hw/i386/x86-iommu.c': `
    DEFINE_PROP_BOOL("intremap", X86IOMMUState, intr_supported, false),
    DEFINE_PROP_BOOL("device-iotlb", X86IOMMUState, dt_supported, false),`,
};
const LINUX: Readonly<Record<string, string>> = {
  Makefile: 'VERSION = 4\nPATCHLEVEL = 18\n',
  'arch/x86/configs/dvh_x86_defconfig': 'CONFIG_SMP=y\n',
};

function described(software: string) {
  return parseTestbed(
    `client: { ssh: c, interface: eno2 }\nserver: { ssh: s, interface: eno2 }\nsoftware: ${software}\n`,
    'testbed.yaml',
  );
}

/** Every source has these files, with changes. */
function reading(
  changes: { qemu?: Record<string, string>; linux?: Record<string, string> } = {},
): ReadSource {
  return (source, file) => {
    const isQemu = source.url.includes('qemu');
    const files = isQemu ? { ...QEMU, ...changes.qemu } : { ...LINUX, ...changes.linux };
    return Promise.resolve(files[file] ?? '');
  };
}

function cell(name: string): Cell {
  const found = findCell(name);
  if (found === undefined) throw new RangeError(name);
  return found;
}

const nothing: ReadSource = () => Promise.resolve('');
const moved: ReadSource = (_, file) => Promise.resolve(file === 'VERSION' ? '11.0.0\n' : '');

const paper = described('paper');

test('the paper’s own sources have nothing wrong', async () => {
  expect(await sourceFaults(paper, CELLS, reading(), '7.5.0')).toEqual([]);
});

test('a compiler that builds kernels that do not boot', async () => {
  const faults = await sourceFaults(paper, [cell('l1-baseline')], reading(), '12.2.0');
  expect(faults.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^Linux 4\.18 does not boot when GCC 12\.2\.0 built it/),
  ]);
});

test('a configuration that the source lacks', async () => {
  const without = reading({ linux: { 'arch/x86/configs/dvh_x86_defconfig': '' } });
  const [fault, ...others] = await sourceFaults(paper, [cell('l1-baseline')], without, undefined);
  expect(others).toEqual([]);
  expect(fault?.text).toMatch(/^v4\.18-base of \S+ has no configuration dvh_x86_defconfig for x86$/);
});

test('a QEMU without an option, or without a property of the vIOMMU, and the cells that need it', async () => {
  const without = reading({
    qemu: {
      'qemu-options.hx': (QEMU['qemu-options.hx'] ?? '').replace('"no-hpet"', '"other"'),
      'hw/i386/intel_iommu.c': (QEMU['hw/i386/intel_iommu.c'] ?? '').replace('"intpost"', '"other"'),
    },
  });
  const faults = await sourceFaults(paper, [cell('l1-baseline'), cell('l2-dvh')], without, undefined);
  expect(faults.map(({ text, cells }) => [text.replace(/ of \S+ has/, ' has'), cells])).toEqual([
    ['QEMU v3.1.0-base has no option -no-hpet, which it needs on l0 to start l1', ['l1-baseline']],
    ['QEMU v3.1.0-dvh has no option -no-hpet, which it needs on l0 to start l1', ['l2-dvh']],
    ['QEMU v3.1.0-dvh has no property intpost of intel-iommu, which it needs on l0 to start l1', ['l2-dvh']],
    ['QEMU v3.1.0-base has no option -no-hpet, which it needs on l1 to start l2', ['l2-dvh']],
  ]);
});

test("a level whose kernel the QEMU below it can't start", async () => {
  const own = described('{ l0: { qemu: { url: /src/qemu, ref: old } } }');
  const faults = await sourceFaults(own, [cell('l1-baseline'), cell('l2-baseline')], reading(), undefined);
  expect(faults).toEqual([
    {
      text: "The testbed file asks for QEMU 3.1.0 on l0, which can't start nestbench's own kernel in l1 (a vmlinux, by PVH: from QEMU 4.0 on). Name a kernel for l1",
      cells: ['l1-baseline', 'l2-baseline'],
    },
  ]);
});

test('a source of something else', async () => {
  const own = described('{ l0: { kernel: { url: /src/linux, ref: a }, qemu: { url: /src/qemu, ref: b } } }');
  expect(
    (await sourceFaults(own, [cell('l1-baseline')], nothing, undefined)).map(({ text }) => text),
  ).toEqual([
    'a of /src/linux is no source of Linux: its Makefile has no VERSION',
    'b of /src/qemu is no source of QEMU: it has no file VERSION',
  ]);
});

test('what can’t be read is not wrong, nor is a file that a later QEMU has elsewhere', async () => {
  const own = described('{ l0: { qemu: { url: /src/qemu, ref: new } } }');
  expect(await sourceFaults(own, CELLS, () => Promise.resolve(undefined), undefined)).toEqual([]);
  expect(await sourceFaults(own, CELLS, moved, undefined)).toEqual([]);
});
