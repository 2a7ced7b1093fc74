/** What breaks a machine, in namespaces of this host: nothing of the host itself is changed. */
import { execa } from 'execa';
import { beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../setup/lib/temporary.testing.ts';
import { FILL_BOOT, HIDE_KEYS, OTHER_NAME, rename } from './breaks.ts';

beforeEach(({ skip }) => skip(process.getuid?.() !== 0, 'namespaces need root'));

/** Runs shell commands as on a machine with an interface of that name, and with a small /boot, /etc and home of root. */
async function onMachine(...commands: readonly string[]): Promise<string> {
  const script = [
    'set -e',
    'mount -t sysfs sysfs /sys && ip link add enp9s4 type veth peer name other && ip link set dev enp9s4 up',
    'for each in /boot /etc/systemd /root /run; do mkdir -p "$each" && mount -t tmpfs -o size=8m tmpfs "$each"; done',
    'mkdir /root/.ssh && echo key >/root/.ssh/authorized_keys',
    'set +e',
    ...commands,
  ];
  const { stdout } = await execa('unshare', ['--mount', '--net', 'sh', '-c', script.join('\n')], {
    cwd: temporaryDirectory(),
  });
  return stdout;
}

/** Prints the interface's name, and 1 if it is up. */
const names =
  'for each in enp9s4 nbfault0; do [ ! -e /sys/class/net/$each ] || echo "$each $(($(cat /sys/class/net/$each/flags) & 1))"; done';

test('an interface gets another name, and its own again, also when that is said twice', async () => {
  const { command, undo } = rename('enp9s4', 'now');
  expect(await onMachine(command, names, undo, names, undo, names)).toBe(
    `${OTHER_NAME} 1\nenp9s4 1\nenp9s4 1`,
  );
});

test('it gets its own name again, although udev made that another one of its names', async () => {
  const { command, undo } = rename('enp9s4', 'now');
  const alias = `ip link property add dev ${OTHER_NAME} altname enp9s4`;
  expect(await onMachine(command, alias, undo, names)).toBe('enp9s4 1');
});

test('udev is told to give it another name at the next start, until that is put back', async () => {
  const { command, undo } = rename('enp9s4', 'next start');
  const files = 'cat /etc/systemd/network/*.link 2>/dev/null || echo none';
  const address = 'MACAddress=$(cat /sys/class/net/enp9s4/address)';
  const said = await onMachine(`echo "${address}"`, command, files, names, undo, files);
  const [mac, ...rest] = said.split('\n');
  expect(rest).toEqual(['[Match]', mac, '[Link]', `Name=${OTHER_NAME}`, 'enp9s4 1', 'none']);
});

test('/boot gets full to the last block, and empty again', async () => {
  const write = 'if echo text >/boot/text 2>/dev/null; then echo room; else echo full; fi; rm -f /boot/text';
  expect(await onMachine(FILL_BOOT.command, write, FILL_BOOT.undo, write)).toBe('full\nroom');
});

test('the keys of root are hidden, and there again', async () => {
  const look = 'echo "keys: $(cat /root/.ssh/authorized_keys)"';
  const { command, undo } = HIDE_KEYS;
  expect(await onMachine(command, look, undo, look, undo, look)).toBe('keys: \nkeys: key\nkeys: key');
});

test('a machine without keys has none to hide', async () => {
  const said = await onMachine('rm /root/.ssh/authorized_keys', `sh -c '${HIDE_KEYS.command}'; echo $?`);
  expect(said).toBe('9');
});
