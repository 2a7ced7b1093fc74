import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig, unmetOptions } from './kernel-config.ts';

test('an option that kconfig dropped, changed or left unknown is told', () => {
  const fragment = 'CONFIG_KVM=y\nCONFIG_NR_CPUS=64\nCONFIG_NO_SUCH=y\nCONFIG_TUN=y\n';
  const config = 'CONFIG_KVM=y\nCONFIG_NR_CPUS=8\n# CONFIG_TUN is not set\n';
  expect(unmetOptions(fragment, config)).toEqual([
    'CONFIG_NR_CPUS: asked for 64, got 8',
    'CONFIG_NO_SUCH: asked for y, got n',
    'CONFIG_TUN: asked for y, got n',
  ]);
});

test('an option that is to be off may be missing altogether', () => {
  expect(unmetOptions('# CONFIG_IPV6 is not set\nCONFIG_VT=n\n', '')).toEqual([]);
  expect(unmetOptions('# CONFIG_IPV6 is not set\n', 'CONFIG_IPV6=y\n')).toEqual([
    'CONFIG_IPV6: asked for n, got y',
  ]);
});

test('kernel.config names each option once and has only lines that are understood', () => {
  const text = readFileSync(path.join(import.meta.dirname, 'kernel.config'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
  expect(lines.filter((line) => !/^CONFIG_\w+=(?:y|\d+|"[^"]*")$/.test(line))).toEqual([]);
  expect(parseConfig(text).size).toBe(lines.length);
});
