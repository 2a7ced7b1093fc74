import { describe, expect, test } from 'vitest';
import { SUITES } from '../../../fixtures/variant.ts';
import { IMAGE_FORMATS } from '../../../fixtures/image-formats.ts';
import { byLaterName, kernelConfig, parseConfig, unmetOptions } from './kernel-config.ts';

test('an option that kconfig dropped, changed or did not know is reported', () => {
  const options = ['CONFIG_KVM=y', 'CONFIG_NR_CPUS=64', 'CONFIG_NO_SUCH=y', 'CONFIG_TUN=y'];
  const config = 'CONFIG_KVM=y\nCONFIG_NR_CPUS=8\n# CONFIG_TUN is not set\n';
  expect(unmetOptions(options, config)).toEqual([
    'CONFIG_NR_CPUS: requested 64, got 8',
    'CONFIG_NO_SUCH: requested y, got n',
    'CONFIG_TUN: requested y, got n',
  ]);
});

test('an option that should be off may be missing', () => {
  expect(unmetOptions(['# CONFIG_IPV6 is not set', 'CONFIG_VT=n'], '')).toEqual([]);
  expect(unmetOptions(['# CONFIG_IPV6 is not set'], 'CONFIG_IPV6=y\n')).toEqual([
    'CONFIG_IPV6: requested n, got y',
  ]);
});

test('an option counts by the name that a later version gave it', () => {
  const options = ['CONFIG_PROC_FS=y', 'CONFIG_PROC_SYSCTL=y'];
  expect(byLaterName(options)).toEqual(['CONFIG_SYSCTL=y']);
  expect(unmetOptions(options, 'CONFIG_PROC_FS=y\nCONFIG_SYSCTL=y\n')).toEqual([]);
  expect(unmetOptions(options, 'CONFIG_PROC_FS=y\n# CONFIG_SYSCTL is not set\n')).toEqual([
    'CONFIG_PROC_SYSCTL: requested y, got n',
  ]);
});

describe.each(SUITES)('the configuration for %s', (suite) => {
  test('names each option once, in lines of the known format', async () => {
    const all = await kernelConfig(suite, 'physical');
    const lines = all.filter((line) => !line.startsWith('# '));
    expect(lines.filter((line) => !/^CONFIG_\w+=(?:y|\d+|"[^"]*")$/.test(line))).toEqual([]);
    expect(parseConfig(all).size).toBe(lines.length);
  });

  test('has no comment, which would make another kernel of the same options', async () => {
    const all = await kernelConfig(suite, 'physical');
    expect(all.filter((line) => !/^CONFIG_\w+=|^# CONFIG_\w+ is not set$/.test(line))).toEqual([]);
  });

  test('has what mounts the image', async () => {
    const emulated = parseConfig(await kernelConfig(suite, 'emulated'));
    const physical = parseConfig(await kernelConfig(suite, 'physical'));
    expect(emulated.get(`CONFIG_${IMAGE_FORMATS.emulated.toUpperCase()}_FS`)).toBe('y');
    expect(physical.get(`CONFIG_${IMAGE_FORMATS.physical.toUpperCase()}_FS`)).toBe('y');
  });

  test('has the drivers of physical cards only on a physical testbed', async () => {
    const emulated = parseConfig(await kernelConfig(suite, 'emulated'));
    const physical = parseConfig(await kernelConfig(suite, 'physical'));
    for (const driver of ['CONFIG_MLX5_CORE', 'CONFIG_IXGBEVF', 'CONFIG_I40EVF']) {
      expect(physical.get(driver)).toBe('y');
      expect(emulated.has(driver)).toBe(false);
    }
  });
});

test('options that only Linux 6.1 has are only required for bookworm', async () => {
  expect(parseConfig(await kernelConfig('bookworm', 'emulated')).get('CONFIG_BASE_FULL')).toBe('y');
  expect(parseConfig(await kernelConfig('trixie', 'emulated')).has('CONFIG_BASE_FULL')).toBe(false);
});
