/** What the doctor reports of machines depending on how OpenSSH reaches them; here all of them are this host. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testSshd, type TestSshd, whyNoSshd } from '../../machine/ssh/sshd.testing.ts';
import type { Finding } from '../diagnose.ts';
import { readTestbed } from './testbed-file.ts';
import { examineMachines } from './examine-machines.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CASES = path.join(import.meta.dirname, 'captured/cases');
const never = new AbortController().signal;

const whyNot = whyNoSshd();
let sshd: TestSshd;
beforeEach(async ({ skip }) => {
  skip(whyNot !== undefined, whyNot);
  sshd = await testSshd();
});
afterEach(() => sshd?.[Symbol.asyncDispose]());

/** remotecommand.yaml and its configuration, with the port and the keys of a running sshd. */
async function examine(change = (configuration: string): string => configuration): Promise<Finding[]> {
  const { directory, configuration } = sshd.openssh;
  const own = readFileSync(configuration, 'utf8').replace(/^Host here\n/, '');
  const given = readFileSync(path.join(CASES, 'remotecommand.config'), 'utf8');
  writeFileSync(
    path.join(directory, 'remotecommand.config'),
    change(`${given.replace('  Port 2299\n', '')}${own}`),
  );
  const file = path.join(directory, 'remotecommand.yaml');
  copyFileSync(path.join(CASES, 'remotecommand.yaml'), file);
  return examineMachines(readTestbed(file), never);
}

test('machines whose logins start another program are reached; two names of one host are not two machines', async () => {
  const findings = await examine();
  expect(findings.filter(({ check }) => check === 'SSH')).toMatchObject([
    { machine: 'client', verdict: 'right', found: 'lab-a' },
    { machine: 'server', verdict: 'right', found: 'lab-b' },
  ]);
  expect(findings.find(({ check }) => check === 'two machines')).toMatchObject({
    verdict: 'wrong',
    found: 'the same host as the client',
    fix: expect.stringContaining('name two machines'),
  });
});

test('a program that is missing on the way is the fault, and nothing is reported about what was not seen', async () => {
  const findings = await examine((text) =>
    text.replace('Host lab-*\n', 'Host lab-*\n  ProxyCommand nosuch-program\n'),
  );
  expect(findings).toMatchObject([
    {
      machine: 'client',
      check: 'SSH',
      verdict: 'wrong',
      fix: expect.stringContaining('check ProxyCommand'),
    },
    {
      machine: 'server',
      check: 'SSH',
      verdict: 'wrong',
      fix: expect.stringContaining('check ProxyCommand'),
    },
  ]);
});
