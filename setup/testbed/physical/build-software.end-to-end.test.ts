/**
 * `npm run build` with `software: paper`, from local mirrors that are laid out as the artifact's repositories, with this
 * host's compilers. The trees are tiny, and have what stopped a build of the real ones.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { buildRoot } from '../../build/image/guest-root.ts';
import { buildToolchain } from '../../build/toolchain/toolchain.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';

/** Its configuration signs modules, and it knows no KVM for AMD. */
const LINUX = {
  'arch/x86/configs/dvh_x86_defconfig': 'CONFIG_MODULES=y\n',
  'init/main.c': 'prevent_tail_call_optimization();\n',
  Makefile: `
VERSION = 4
PATCHLEVEL = 18
SUBLEVEL = 0
dvh_x86_defconfig:
	cp arch/x86/configs/dvh_x86_defconfig .config
olddefconfig:
	test -e .config
bzImage:
	mkdir -p arch/x86/boot include/config
	echo 'int main(void) { return 0; }' | gcc -x c -o arch/x86/boot/bzImage -
	echo 4.18.0$$(sed -n 's/^CONFIG_LOCALVERSION="\\(.*\\)"/\\1/p' .config | tail -n 1) >include/config/kernel.release
modules:
	openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=toy -keyout key.pem -out key.x509 2>&1
	echo '#include <openssl/opensslv.h>' | gcc -x c -c -o sign.o -
modules_install:
	mkdir -p $(INSTALL_MOD_PATH)/lib/modules/$$(cat include/config/kernel.release)
	touch $(INSTALL_MOD_PATH)/lib/modules/$$(cat include/config/kernel.release)/modules.order
`,
};

/** Before Meson: each target has its own directory, and configure rejects flags that it does not know. */
function qemu(intpost: string): Record<string, string> {
  return {
    VERSION: '3.1.0\n',
    configure: `#!/bin/sh -eu
test -e ../ui/keycodemapdb/keys
test ! -e ../roms/seabios/file
for each; do
  case "$each" in
  --target-list=*|--prefix=*|--firmwarepath=*|--python=*|--enable-kvm|--enable-vhost-net) ;;
  --disable-werror) werror=no ;;
  *) echo "ERROR: unknown option $each" >&2; exit 1 ;;
  esac
done
mkdir -p x86_64-softmmu
printf 'all:\\n\\tgcc -o x86_64-softmmu/qemu-system-x86_64 ../main.c\\n' >Makefile
: '
  --disable-werror) werror="no"
'
`,
    'main.c': `#include <stdio.h>
int main(int count, char **arguments)
{
	puts(count == 3 ? "intel-iommu.aw-bits=uint8\\n  x-aw-bits=<uint8>${intpost}" : "-device driver");
	return 0;
}
`,
  };
}

function git(directory: string, ...words: string[]): void {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'protocol.file.allow=always'];
  execFileSync('git', [...who, '-C', directory, ...words], { stdio: 'pipe' });
}

function commit(directory: string, branch: string, files: Record<string, string>): void {
  git(directory, 'checkout', '--quiet', '-B', branch);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text, { mode: 0o755 });
  }
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', branch);
}

function repository(name: string, at: string): string {
  const directory = path.join(at, name);
  mkdirSync(directory);
  git(directory, 'init', '--quiet');
  return directory;
}

/** Repositories as the artifact's. */
function mirrors(at: string): { readonly linux: string; readonly qemu: string } {
  const linux = repository('linux', at);
  for (const branch of KERNELS) commit(linux, branch, { ...LINUX, branch });
  const keys = repository('keycodemapdb', at);
  commit(keys, 'main', { keys: '' });
  const source = repository('qemu', at);
  commit(source, 'v3.1.0-base', qemu(''));
  git(source, 'submodule', '--quiet', 'add', keys, 'ui/keycodemapdb');
  git(source, 'submodule', '--quiet', 'add', keys, 'roms/seabios');
  // Nothing serves it any more.
  git(source, 'config', '--file', '.gitmodules', 'submodule.roms/seabios.url', '/gone/seabios');
  commit(source, 'v3.1.0-base', qemu(''));
  commit(source, 'v3.1.0-dvh', qemu('\\n  intpost=<bool>'));
  return { linux, qemu: source };
}

const KERNELS = ['v4.18-base', 'v4.18-dvh-L0-asplos', 'v4.18-dvh-basic-asplos', 'v4.18-dvh-full-asplos'];
const OWNER = 'https://github.com/columbia';
const never = new AbortController().signal;

test('all branches of repositories like the artifact’s are built by the command', async () => {
  const at = temporaryDirectory();
  const write = (name: string, text: string): string => {
    writeFileSync(path.join(at, name), text);
    return path.join(at, name);
  };
  const { linux, qemu: source } = mirrors(at);
  // A user's own way to mirrors in directories, also of submodules (git-config(1): url.<base>.insteadOf, protocol.file.allow).
  write(
    '.gitconfig',
    `[protocol "file"]
  allow = always
[url "${linux}"]
  insteadOf = ${OWNER}/dvh-asplos-ae-linux.git
[url "${source}"]
  insteadOf = ${OWNER}/dvh-asplos-ae-qemu.git
`,
  );
  const file = write(
    'testbed.yaml',
    'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\nsoftware: paper\nmemtier: false\nbuilder: host\n',
  );
  // In place of nestbench's own kernel, whose build takes ten minutes.
  write('vmlinux', '\u007FELF Linux version 6.1.0-toy (a@b) ');
  const variant = write('toy.yaml', 'kernel: { vmlinux: vmlinux }\n');
  const cache = path.join(at, 'cache/nestbench');
  mkdirSync(cache, { recursive: true });
  for (const made of [(await buildToolchain(never)).root, (await buildRoot(never)).tar]) {
    const directory = path.dirname(made);
    symlinkSync(directory, path.join(cache, path.basename(directory)));
  }

  const { stdout } = await execa('npm', ['run', '--silent', 'build', '--', '--testbed', file], {
    env: { HOME: at, XDG_CACHE_HOME: path.dirname(cache), VARIANT: variant },
  });
  const built = stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
  const each = (what: string): string[] => built.filter((line) => line.startsWith(`${what} `));
  expect(each('kernel').map((line) => line.split(' ')[1])).toEqual(
    KERNELS.map((branch) => `4.18.0-${branch.slice('v4.18-'.length)}`),
  );
  expect(each('QEMU with DVH')).toEqual([expect.stringMatching(/^QEMU with DVH 3\.1\.0 /)]);
  expect(built).toContainEqual(expect.stringMatching(/^QEMU 3\.1\.0 /));
  expect(built.at(-1)).toBe('Everything is in the cache. A run builds nothing of it again.');
  const packages = readdirSync(cache).filter((name) => name.startsWith('kernel-package-'));
  expect(packages).toHaveLength(KERNELS.length);
  for (const name of packages) {
    expect(readFileSync(path.join(cache, name, 'config'), 'utf8')).toContain('# CONFIG_KVM_AMD is not set');
  }
});
