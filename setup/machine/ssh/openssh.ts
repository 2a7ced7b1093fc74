/**
 * A machine that a user reaches with `ssh NAME`. nestbench leaves this to OpenSSH itself, so that aliases, jump hosts,
 * agents, keys and known_hosts come from the user's own configuration (ssh_config(5)).
 *
 * OpenSSH only carries the bytes. At the other end it starts an sshd on its standard input and output (`sshd -i`), with
 * keys made for this one connection. The connection that all machines have (ssh.ts) is made to that, so commands start
 * and end, and sockets are reached, as on every other machine.
 */
import { CommandError, DiskFullError, PackageMissingError } from '../../lib/errors.ts';
import { lastLines } from '../../lib/error-text.ts';
import { ConnectionError, SshAccessError } from '../machine-errors.ts';
import { openOpenssh, type OpensshTarget, runOpenssh } from './openssh-command.ts';
import { adviceFor } from './openssh-refusals.ts';
import { connectSsh, generateKeyPair, type SshMachine } from './ssh.ts';
import { waitUntil, withDeadline } from '../../lib/wait.ts';

export interface OpensshOptions extends OpensshTarget {
  /** The machine's name: `client`, `l0`. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** For the whole connect, with all its attempts. */
  readonly deadlineSeconds: number;
  /** Whether it was reached before and is rebooting: then its name may be unknown for a while. */
  readonly isAway?: boolean;
  /** A directory there that its commands use as their root. Sockets and ports are the machine's own in any case. */
  readonly root?: string;
}

/** Between attempts to reach a machine that may be booting. */
const BACKOFF_MS = 500;
/** For the second connection, once the first one has shown that the machine answers. */
const SERVER_SECONDS = 60;
/** Until the sshd there sends its first bytes: this includes OpenSSH's whole login, 2 s on an emulated machine. */
const SILENCE_SECONDS = 20;
/** A failure of OpenSSH itself, not of a remote command (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255;

/**
 * Connects, with retries while the machine may still come up. Its commands run as root.
 * @throws NESTBENCH_CONNECTION_LOST, kind configuration, at once if a retry can't help: an unknown or changed host key,
 * no accepted key, not root; NESTBENCH_DEADLINE with how the last attempt failed; NESTBENCH_ABORTED.
 */
export async function connectOpenssh(options: OpensshOptions): Promise<SshMachine> {
  const { name, destination, signal, deadlineSeconds } = options;
  let attempts = 0;
  const [host, user] = [generateKeyPair(), generateKeyPair()];
  const directory = await waitUntil(
    `SSH to ${destination}`,
    async ({ saw, signal: within }) => {
      if (attempts === 0)
        saw(`OpenSSH has neither connected nor failed. Try "ssh -v ${destination}" by hand`);
      attempts += 1;
      const outcome = await prepare(options, host.privateKey, user.publicKey, within);
      if (outcome.ok) return outcome.directory;
      saw(`OpenSSH says: ${outcome.said}`);
      return undefined;
    },
    { machine: name, deadlineSeconds, signal, intervalMs: BACKOFF_MS },
  );
  return connectSsh({
    name,
    username: 'root',
    privateKey: user.privateKey,
    hostKey: host.publicKey,
    open: async () => openOpenssh(options, ['sh', '-c', SERVE, 'sh', directory]),
    signal,
    deadlineSeconds: SERVER_SECONDS,
    silenceSeconds: SILENCE_SECONDS,
    lossAdvice: lossAdvice(destination),
  });
}

/** Nothing on this host knows why a machine of the user's went away. */
function lossAdvice(destination: string): string {
  return `It lost power, was restarted, or lost its network or its sshd: try "ssh ${destination}" by hand, and look at its console.`;
}

/** $1: the directory with its keys, which serve only this connection. */
const SERVE = '/usr/sbin/sshd -i -f "$1/sshd_config"; rm -rf "$1"';

/**
 * Creates a directory with the keys from standard input, readable only by root, and prints its name. $1: the authorized
 * key, $2: a directory to change the root to, or none.
 */
const PREPARE = `
set -e
[ "$(id -u)" = 0 ] || { echo "nestbench: $(id -un) is not root" >&2; exit 1; }
[ -x /usr/sbin/sshd ] || { echo "nestbench: there is no /usr/sbin/sshd" >&2; exit 1; }
umask 077
mkdir -p /run/sshd
# Of connections that ended between their two halves.
find /run -maxdepth 1 -name 'nestbench-ssh.*' -mmin +5 -exec rm -rf {} +
directory=$(mktemp -d /run/nestbench-ssh.XXXXXX)
cd "$directory"
cat >host_key
echo "$1" >authorized_keys
cat >sshd_config <<END
HostKey $directory/host_key
AuthorizedKeysFile $directory/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxSessions 100
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
PrintMotd no
PrintLastLog no
LogLevel ERROR
ChrootDirectory $2
END
# sshd -i does not know where the person connects from.
echo "$SSH_CONNECTION" >/run/nestbench-ssh-connection
echo "$directory"`;

type Prepared =
  | { readonly ok: true; readonly directory: string }
  | { readonly ok: false; readonly said: string };

async function prepare(
  options: OpensshOptions,
  hostKey: string,
  userKey: string,
  signal: AbortSignal,
): Promise<Prepared> {
  const { name, destination } = options;
  const command = ['sh', '-c', PREPARE, 'sh', userKey, options.root ?? 'none'];
  const input = `${hostKey.trimEnd()}\n`;
  const { exitCode, stdout, stderr, code } = await runOpenssh(options, command, { input }, signal);
  if (code === 'ENOENT') {
    throw new PackageMissingError({
      message:
        "OpenSSH's client is missing. Install it with: sudo apt-get install openssh-client (in Fedora: sudo dnf install openssh-clients)",
    });
  }
  const directory = /^\/run\/nestbench-ssh\.\w+$/m.exec(stdout)?.[0];
  if (exitCode === 0 && directory !== undefined) return { ok: true, directory };
  const said = lastLines(stderr.trim() === '' ? `exit code ${exitCode}` : stderr);
  // A command there that fails ends with a code of its own.
  const advice =
    exitCode === SSH_FAILED
      ? adviceFor(stderr, options.isAway === true)
      : 'It needs an account that is root, and OpenSSH';
  if (advice === undefined) return { ok: false, said };
  throw new SshAccessError({ machine: name, destination, advice, output: said });
}

/** A copy may have gigabytes, over a slow link. */
const COPY_SECONDS = 3600;

/**
 * Runs a command on the machine with a file of this host as its standard input.
 * @throws NESTBENCH_NO_SPACE if the machine has no space for it; NESTBENCH_CONNECTION_LOST, kind configuration, if a
 * retry can't help; NESTBENCH_COMMAND_FAILED; NESTBENCH_DEADLINE; NESTBENCH_ABORTED.
 */
export async function feedFile(
  target: OpensshTarget & { readonly name: string },
  file: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { name } = target;
  const what = `${file} to be copied to ${name}`;
  await withDeadline(
    what,
    COPY_SECONDS,
    signal,
    async (within) => {
      const { exitCode, stderr } = await runOpenssh(target, argv, { inputFile: file }, within);
      if (exitCode === 0) return;
      const output = lastLines(stderr);
      const isFull = /No space left on device/.test(stderr);
      const message = `${file} could not be copied to ${name}: ${output}`;
      const facts = { machine: name, argv, exitCode: exitCode ?? null, output };
      if (exitCode === SSH_FAILED) {
        const refused = adviceFor(stderr, false);
        if (refused !== undefined) {
          throw new SshAccessError({
            machine: name,
            destination: target.destination,
            advice: refused,
            output,
          });
        }
        const lost = `The SSH connection to ${name} was lost while ${file} was copied.`;
        const advice = lossAdvice(target.destination);
        throw new ConnectionError({ message: `${lost} ${advice} OpenSSH says: ${output}`, ...facts });
      }
      if (!isFull) throw new CommandError({ message, ...facts });
      const advice = `Make room there: nestbench writes to "directory" of the testbed file, /boot and /lib/modules.`;
      throw new DiskFullError({ message: `${message} ${advice}`, ...facts });
    },
    name,
  );
}
