/** One command of OpenSSH's client, with a person's own configuration but for what would do more than run a command. */
import type { Duplex } from 'node:stream';
import { execa, execaSync } from 'execa';
import { quote } from '../../lib/quote.ts';

export interface OpensshTarget {
  /** The destination for `ssh`: `server.example.org`, `root@10.0.0.5`, an alias of ~/.ssh/config. */
  readonly destination: string;
  /** Its port, if it differs from OpenSSH's configuration. */
  readonly port?: number | undefined;
  /** A file instead of ~/.ssh/config. */
  readonly configuration?: string | undefined;
}

/** For one attempt, until TCP is connected. */
const CONNECT_SECONDS = 10;

/** These override settings of the user's configuration that would do more than run a command. */
const SETTINGS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  `ConnectTimeout=${CONNECT_SECONDS}`,
  'ConnectionAttempts=1',
  // After four silent intervals it counts as lost, as with the guests (ssh.ts).
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
  // A persistent master would keep the pipes open, and one from before a reboot leads nowhere.
  'ControlMaster=no',
  'ControlPath=none',
  'ControlPersist=no',
  // Failures are recognized by their messages, some of which have this level (sshlogdie in its log.c).
  'LogLevel=INFO',
  'VisualHostKey=no',
];

/** Options that only newer clients accept, by the release notes of OpenSSH. */
const NEWER_SETTINGS: readonly (readonly [since: number, setting: string])[] = [
  [7.6, 'RemoteCommand=none'],
  [8.7, 'SessionType=default'],
  [8.7, 'StdinNull=no'],
  [8.7, 'ForkAfterAuthentication=no'],
];

/**
 * The settings that this client knows. IgnoreUnknown can't be used for all of them, because it would replace the one in
 * the user's configuration.
 */
function settings(): string[] {
  const version = clientVersion();
  const newer = NEWER_SETTINGS.filter(([since]) => version >= since).map(([, setting]) => setting);
  return [...SETTINGS, ...newer].flatMap((setting) => ['-o', setting]);
}

/** By the PATH that it was found with. */
const clientVersions = new Map<string | undefined, number>();

/** `9.2` from `OpenSSH_9.2p1`; 0 without one. */
function clientVersion(): number {
  const { PATH } = process.env;
  const known = clientVersions.get(PATH);
  if (known !== undefined) return known;
  const { stderr } = execaSync('ssh', ['-V'], { reject: false });
  const version = Number(/OpenSSH\D*(\d+\.\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  clientVersions.set(PATH, version);
  return version;
}

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

export interface OpensshResult {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** From the system, if it could not be started. */
  readonly code?: string | undefined;
}

/** A ProxyCommand or a `Match exec` ends with OpenSSH: it would keep our pipes open. */
const WHOLE = { killDescendants: true, killSignal: 'SIGKILL', reject: false } as const;

/** Runs a command on the machine to its end. */
export async function runOpenssh(
  target: OpensshTarget,
  argv: readonly string[],
  input: { readonly input: string } | { readonly inputFile: string },
  signal: AbortSignal,
): Promise<OpensshResult> {
  signal.throwIfAborted();
  const [file = '', ...words] = opensshArgv(target, argv);
  const options = { ...WHOLE, ...input, cancelSignal: signal, env: { LC_ALL: 'C' } };
  const result = await execa(file, words, options);
  signal.throwIfAborted();
  return result;
}

/**
 * Starts a command on the machine: its standard input and output as one stream. Destroying the stream ends the command.
 */
export function openOpenssh(target: OpensshTarget, argv: readonly string[]): Duplex {
  const [file = '', ...words] = opensshArgv(target, argv);
  const subprocess = execa(file, words, { ...WHOLE, buffer: false, stderr: 'ignore', encoding: 'buffer' });
  const stream = subprocess.duplex();
  stream.on('error', () => {});
  stream.once('close', () => void subprocess.kill());
  return stream;
}
