/**
 * Builds both branches of repositories that are laid out as the artifact's, by the real steps with this host's
 * compilers. The trees are tiny, and have what stopped a build of the real ones.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findCell } from '../../../fixtures/matrix.ts';
import { allSoftware, sourceKey } from '../../../fixtures/physical-software.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { Phases } from '../../lib/phase-clock.ts';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { buildSoftware } from './build-software.ts';
import { assertDvhQemus } from './dvh-software.ts';

/** Its configuration signs modules, and it knows no KVM for AMD. */
const LINUX = {
  'init/main.c': 'prevent_tail_call_optimization();\n',
  Makefile: `
VERSION = 4
PATCHLEVEL = 18
SUBLEVEL = 0
dvh_x86_defconfig:
	echo CONFIG_MODULES=y >.config
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

test('kernels and QEMUs of repositories like the artifact’s are built, and its DVH QEMU is known by intpost', async () => {
  temporaryCache();
  const at = temporaryDirectory();
  const linux = repository('linux', at);
  for (const branch of ['v4.18-base', 'v4.18-dvh-L0-asplos', 'v4.18-dvh-basic-asplos']) {
    commit(linux, branch, { ...LINUX, branch });
  }
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

  const kernel = (ref: string) => ({ url: linux, ref, defconfig: 'dvh_x86_defconfig', config: LEAN });
  const software: TestbedDescription['software'] = {
    client: { kernel: kernel('v4.18-base') },
    l0: { kernel: kernel('v4.18-dvh-L0-asplos'), qemu: { url: source, ref: 'v3.1.0-dvh' } },
    l1: { kernel: kernel('v4.18-dvh-basic-asplos'), qemu: { url: source, ref: 'v3.1.0-base' } },
  };
  const cell = findCell('l2-dvh');
  if (cell === undefined) throw new Error('no such cell');
  const said: string[] = [];
  const { kernels, qemus } = await buildSoftware(allSoftware({ software }, [cell]), 'host', {
    signal: new AbortController().signal,
    log: (line) => void said.push(line),
    phases: new Phases(),
  });
  expect(Object.values(kernels).map(({ release }) => release)).toEqual([
    '4.18.0-base',
    '4.18.0-dvh-L0-asplos',
    '4.18.0-dvh-basic-asplos',
  ]);
  for (const { image, config } of Object.values(kernels)) {
    expect(existsSync(image)).toBe(true);
    expect(readFileSync(config, 'utf8')).toContain('# CONFIG_KVM_AMD is not set');
  }
  const dvhOf = (ref: string) => qemus[sourceKey({ url: source, ref })]?.dvh;
  expect(dvhOf('v3.1.0-dvh')).toEqual({ postedInterrupts: true, option: false });
  expect(dvhOf('v3.1.0-base')).toEqual({ postedInterrupts: false, option: false });
  expect(() => assertDvhQemus({ software }, [cell], qemus)).not.toThrow();
  expect(said).toEqual([]);
});

/** As in the artifact's defconfig. */
const LEAN = ['# CONFIG_KVM_AMD is not set'];
