/**
 * A QEMU from before 5.2, as the artifact's 3.1 is: 4.2 of Ubuntu 20.04. Debian's archive has none any more. It runs
 * with that release's own libraries.
 */
import path from 'node:path';
import { cached } from '../../build/cache/build-cache.ts';
import { runTool } from '../../build/tool.ts';

const ARCHIVE = 'http://archive.ubuntu.com/ubuntu';
/**
 * SHA-256 of its signed Release file, which has those of the package lists, which have those of the packages. It stands for
 * the signature, because not every host has Ubuntu's keys. The file is as on the day of the release, and stays so.
 */
const RELEASE_SHA256 = 'cc9be89a0984aeca9e3ca40ae0e6decff75aa32653a5925b04956a7c12487e99';

/** What apt says where the archive can't be reached. */
export const NO_ARCHIVE = 'Failed to fetch';

/** $1: the archive, $2: the SHA-256. Leaves the program, its libraries and its option ROMs in the current directory. */
const FETCH = String.raw`
mkdir -p apt/etc apt/lists/partial apt/archives/partial root lib rom
: >apt/status
echo "deb [trusted=yes] $1 focal main universe" >apt/etc/sources.list
own() {
  apt-get --quiet -o Dir::Etc::SourceList="$PWD/apt/etc/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State="$PWD/apt" -o Dir::State::Lists="$PWD/apt/lists" -o Dir::State::status="$PWD/apt/status" \
    -o Dir::Cache="$PWD/apt" -o Dir::Cache::archives="$PWD/apt/archives" -o APT::Architecture=amd64 \
    -o APT::Sandbox::User=root -o APT::Update::Post-Invoke::= -o Acquire::Retries=3 "$@"
}
own -o APT::Update::Error-Mode=any update
echo "$2  $(ls apt/lists/*Release)" | sha256sum --check
own --no-install-recommends --yes --download-only install qemu-system-x86
for package in apt/archives/*.deb; do dpkg-deb --extract "$package" root; done
libraries=root/lib/x86_64-linux-gnu:root/usr/lib/x86_64-linux-gnu:root/usr/lib/x86_64-linux-gnu/pulseaudio
loader=root/lib/x86_64-linux-gnu/ld-2.31.so
program=root/usr/bin/qemu-system-x86_64
"$loader" --library-path "$libraries" --list "$program" | sed -n 's/.*=> \([^ ]*\) .*/\1/p' >libraries
while read -r library; do cp --dereference "$library" lib; done <libraries
cp "$loader" lib/loader
cp "$program" program
cp root/usr/share/qemu/*.bin rom
rm -r apt root libraries
cat >qemu-system-x86_64 <<'END'
#!/bin/sh
here=$(dirname "$0")
exec "$here/lib/loader" --library-path "$here/lib" "$here/program" -L "$here/rom" "$@"
END
chmod 755 qemu-system-x86_64
./qemu-system-x86_64 --version`;

/** The program. */
export async function oldQemu(signal: AbortSignal): Promise<string> {
  const { directory } = await cached({
    name: 'old-qemu',
    inputs: { fetch: FETCH, release: RELEASE_SHA256 },
    signal,
    build: async ({ directory: cwd, log, signal: within }) => {
      const purpose = 'fetching QEMU 4.2';
      await runTool(['sh', '-euc', FETCH, 'sh', ARCHIVE, RELEASE_SHA256], {
        cwd,
        log,
        signal: within,
        purpose,
      });
      return {};
    },
  });
  return path.join(directory, 'qemu-system-x86_64');
}
