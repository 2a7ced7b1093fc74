/**
 * A machine that a person reaches by typing `ssh NAME`: nestbench lets OpenSSH itself do it, so that aliases, jump hosts,
 * agents, keys and known_hosts are what that person's own configuration says (ssh_config(5)).
 *
 * OpenSSH only carries the bytes. At the other end it starts an sshd that speaks over its standard input and output
 * (`sshd -i`), with keys made for this one connection, and the connection that all machines have (ssh.ts) is made to
 * that: so a command there starts, ends and reaches sockets as on every other machine.
 */
import type { Duplex } from 'node:stream';
import { execa, execaSync } from 'execa';
import { CommandError, DiskFullError, PackageMissingError } from '../../lib/errors.ts';
import { lastLines } from '../../lib/error-text.ts';
import { SshAccessError } from '../machine-errors.ts';
import { endGroup, killOnExit } from '../../lib/process-group.ts';
import { quote } from '../../lib/quote.ts';
import { connectSsh, generateKeyPair, type SshMachine } from './ssh.ts';
import { waitUntil, withDeadline } from '../../lib/wait.ts';

export interface OpensshTarget {
  /** What stands behind `ssh`: `server.example.org`, `root@10.0.0.5`, an alias of ~/.ssh/config. */
  readonly destination: string;
  /** Its port, where it is another than OpenSSH's configuration says. */
  readonly port?: number | undefined;
  /** Another file than ~/.ssh/config. */
  readonly configuration?: string | undefined;
}

export interface OpensshOptions extends OpensshTarget {
  /** The machine's name: `client`, `l0`. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** For the whole connect, all its attempts. */
  readonly deadlineSeconds: number;
  /** Whether it was reached before and is on its way back: then its name may be unknown for a while. */
  readonly isAway?: boolean;
  /** A directory there that its commands have as their root; sockets and ports are the machine's own in any case. */
  readonly root?: string;
}

/** Between attempts to reach a machine that may be booting. */
const BACKOFF_MS = 500;
/** Of one attempt, until TCP stands. */
const CONNECT_SECONDS = 10;
/** Of the second connection, once the first one has shown that the machine answers. */
const SERVER_SECONDS = 60;
/** Until the sshd there says its first word: OpenSSH's whole login lies before it, 2 s on an emulated machine. */
const SILENCE_SECONDS = 20;
/** OpenSSH's own failures, and nothing that a remote command did (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255;

/** These override what, in a person's own configuration, would do more than run a command. */
const SETTINGS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  `ConnectTimeout=${CONNECT_SECONDS}`,
  'ConnectionAttempts=1',
  // Four silent intervals, and it counts as lost: as for the guests (ssh.ts).
  'ServerAliveInterval=15',
  'ServerAliveCountMax=4',
  'ForwardAgent=no',
  'ForwardX11=no',
  'ClearAllForwardings=yes',
  'ExitOnForwardFailure=no',
  'Tunnel=no',
  'PermitLocalCommand=no',
  'RequestTTY=no',
  'EscapeChar=none',
  // A master that stays would keep our pipes open, and one of before a reboot leads nowhere.
  'ControlMaster=no',
  'ControlPath=none',
  'ControlPersist=no',
  // Failures are known by their messages, some of which are of this level (sshlogdie in its log.c).
  'LogLevel=INFO',
  'VisualHostKey=no',
];

/** What only newer clients know, and others refuse: by the release notes of OpenSSH. */
const NEWER_SETTINGS: readonly (readonly [since: number, setting: string])[] = [
  [7.6, 'RemoteCommand=none'],
  [8.7, 'SessionType=default'],
  [8.7, 'StdinNull=no'],
  [8.7, 'ForkAfterAuthentication=no'],
];

/**
 * The settings that this client knows. Not all of them behind IgnoreUnknown, which would take the place of the one in a
 * person's own configuration.
 */
function settings(): string[] {
  const version = clientVersion();
  const newer = NEWER_SETTINGS.filter(([since]) => version >= since).map(([, setting]) => setting);
  return [...SETTINGS, ...newer].flatMap((setting) => ['-o', setting]);
}

/** By the PATH that it was found with. */
const clientVersions = new Map<string | undefined, number>();

/** `9.2` of `OpenSSH_9.2p1`; 0 where it says none. */
function clientVersion(): number {
  const { PATH } = process.env;
  const known = clientVersions.get(PATH);
  if (known !== undefined) return known;
  const { stderr } = execaSync('ssh', ['-V'], { reject: false });
  const version = Number(/OpenSSH\D*(\d+\.\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  clientVersions.set(PATH, version);
  return version;
}

interface Hopeless {
  /** What OpenSSH says of it. */
  readonly says: RegExp;
  /** What to do. */
  readonly advice: string;
  /** Whether it passes after all where the machine was reached before, and is only away. */
  readonly passes?: boolean;
}

/** What trying again does not fix. */
const HOPELESS: readonly Hopeless[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i,
    advice:
      'It shows another host key than known_hosts has for it: it is not the machine that it was. Where that is right, take the old key out with ssh-keygen -R and connect once by hand',
  },
  {
    says: /Host key verification failed|No .* host key is known/i,
    advice: 'Its host key is not in known_hosts: connect once by hand, and compare the key that is shown',
  },
  {
    // What shells say of a program that is missing or can't be run: they run ProxyCommand. OpenSSH's own lines begin with "ssh: ".
    says: /^(?!ssh: )(?:\S*\/)?\w*sh(?::| ).*(?:not found|no such file or directory|permission denied|cannot execute|unknown command)/im,
    advice:
      "A program that OpenSSH needs to reach it can't be started: check ProxyCommand in OpenSSH's configuration, and whether the program is installed here",
  },
  {
    says: /Permission denied|Too many authentication failures/i,
    advice:
      'It takes none of the keys that OpenSSH has for it, and nestbench types no passwords: add one to the agent, or name it in ~/.ssh/config',
  },
  {
    says: /Address family for hostname not supported/i,
    advice: 'It has no address of the family that AddressFamily in the configuration of OpenSSH asks for',
  },
  {
    says: /^(?:bind .*: Cannot assign requested address|getifaddrs: .*)/im,
    advice:
      'This host has no such address: check BindAddress and BindInterface in the configuration of OpenSSH',
  },
  {
    says: /proxy dialer did not pass back a connection/i,
    advice:
      'Its ProxyCommand passes no connection back, as ProxyUseFdpass in the configuration of OpenSSH asks of it',
  },
  {
    says: /jumphost loop/i,
    advice:
      'Its ProxyJump leads to itself: check it in the configuration of OpenSSH, above all under "Host *"',
  },
  {
    says: /Could not resolve host(?:name)? /i,
    advice: 'Its name is not known: check "ssh" in the testbed file and ~/.ssh/config',
    passes: true,
  },
  {
    says: /name contains invalid characters/i,
    advice:
      'Its name is not valid: check "ssh" in the testbed file, which has no variables, and ~/.ssh/config',
  },
  {
    says: /no matching .* found/i,
    advice: 'The two have no algorithm in common: allow one of those in its message in ~/.ssh/config',
  },
  {
    says: /Bad configuration option|terminating, \d+ bad|Can't open user config file|Bad owner or permissions|percent_expand|Too many recursive configuration includes|\bline \d+: /i,
    advice:
      'Fix OpenSSH\'s configuration: ~/.ssh/config, or what "sshConfiguration" in the testbed file names',
  },
];

/** OpenSSH's arguments for a command on that machine. */
export function opensshArgv(
  { destination, port, configuration }: OpensshTarget,
  argv: readonly string[],
): string[] {
  return [
    'ssh',
    ...(configuration === undefined ? [] : ['-F', configuration]),
    ...settings(),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    destination,
    quote(argv),
  ];
}

/**
 * Connects, trying again while the machine may yet come up. Its commands run as root.
 * @throws NESTBENCH_CONNECTION_LOST, kind configuration, at once where no other attempt would help: an unknown or another
 * host key, no key that is taken, not root; NESTBENCH_DEADLINE with how the last attempt failed; NESTBENCH_ABORTED.
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
  });
}

/** $1: the directory with its keys, which serve this connection alone. */
const SERVE = '/usr/sbin/sshd -i -f "$1/sshd_config"; rm -rf "$1"';

/**
 * Makes a directory with the keys that come on standard input, and prints its name; as root alone. $1: the key that is
 * let in, $2: a directory to change the root to, or none.
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
# Within sshd -i nobody knows any more where the person comes from.
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
  const { exitCode, stdout, stderr, code } = await runOpenssh(
    opensshArgv(options, command),
    { input: `${hostKey.trimEnd()}\n` },
    signal,
  );
  if (code === 'ENOENT') {
    throw new PackageMissingError({
      message: "OpenSSH's client is missing. Install it with: sudo apt-get install openssh-client",
    });
  }
  const directory = /^\/run\/nestbench-ssh\.\w+$/m.exec(stdout)?.[0];
  if (exitCode === 0 && directory !== undefined) return { ok: true, directory };
  const said = lastLines(stderr.trim() === '' ? `exit code ${exitCode}` : stderr);
  // What a command there says, and ends with another code, is not OpenSSH's.
  const hopeless =
    exitCode === SSH_FAILED
      ? HOPELESS.find(({ says, passes }) => says.test(stderr) && !(passes && options.isAway))
      : undefined;
  if (hopeless === undefined && exitCode === SSH_FAILED) return { ok: false, said };
  const advice = hopeless?.advice ?? 'What it needs is an account that is root, and OpenSSH';
  throw new SshAccessError({ machine: name, destination, advice, output: said });
}

interface OpensshResult {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the system, where it could not be started. */
  readonly code?: string | undefined;
}

/** Runs it to its end. An abort ends what it started too: a ProxyCommand or a `Match exec` would keep our pipes open. */
async function runOpenssh(
  argv: readonly string[],
  input: { readonly input: string } | { readonly inputFile: string },
  signal: AbortSignal,
): Promise<OpensshResult> {
  signal.throwIfAborted();
  const [file = '', ...words] = argv;
  const subprocess = execa(file, words, {
    ...input,
    reject: false,
    detached: true,
    cleanup: false,
    env: { LC_ALL: 'C' },
  });
  const { pid } = subprocess;
  const forget = pid === undefined ? undefined : killOnExit(pid);
  const end = (): void => {
    if (pid !== undefined) void endGroup(pid, 0);
  };
  signal.addEventListener('abort', end, { once: true });
  const result = await subprocess;
  signal.removeEventListener('abort', end);
  forget?.();
  signal.throwIfAborted();
  return result;
}

/** A copy may be of gigabytes, over a slow link. */
const COPY_SECONDS = 3600;

/**
 * Runs a command on the machine with a file of this host as its standard input.
 * @throws NESTBENCH_NO_SPACE where the machine has no room for it; NESTBENCH_COMMAND_FAILED; NESTBENCH_DEADLINE; NESTBENCH_ABORTED.
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
      const { exitCode, stderr } = await runOpenssh(opensshArgv(target, argv), { inputFile: file }, within);
      if (exitCode === 0) return;
      const output = lastLines(stderr);
      const isFull = /No space left on device/.test(stderr);
      const message = `${file} could not be copied to ${name}: ${output}`;
      const facts = { machine: name, argv, exitCode: exitCode ?? null, output };
      if (!isFull) throw new CommandError({ message, ...facts });
      const advice = `Make room there: nestbench writes to "directory" of the testbed file, /boot and /lib/modules.`;
      throw new DiskFullError({ message: `${message} ${advice}`, ...facts });
    },
    name,
  );
}

/** Starts a command on the machine: its standard input and output as one stream, which ends it when it is destroyed. */
export function openOpenssh(target: OpensshTarget, argv: readonly string[]): Duplex {
  return spawnStream(opensshArgv(target, argv));
}

/** A program's standard input and output as one stream; destroying it ends the program. */
function spawnStream(argv: readonly string[]): Duplex {
  const [file = '', ...words] = argv;
  const subprocess = execa(file, words, {
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    stderr: 'ignore',
    encoding: 'buffer',
  });
  const { pid } = subprocess;
  const forget = pid === undefined ? undefined : killOnExit(pid);
  const stream = subprocess.duplex();
  stream.on('error', () => {});
  stream.once('close', () => pid !== undefined && void endGroup(pid, 0));
  void subprocess.finally(() => forget?.());
  return stream;
}
