/** Faults of what is measured: tools that print something else, and services that die. */
import { BOTH_TESTBEDS, type FaultKind, type Target, type Way } from './fault-kind.ts';
import { MissedError, NOT_THERE } from './blow.ts';

const RUN_SECONDS = 120;
/** A tool that does not end has its deadline (deadlineFor in setup/measure/sample.ts). */
const DEADLINE_SECONDS = 300;

/** Tools of the client, while an earlier benchmark runs. */
const TOOLS: readonly Target[] = [
  { name: 'netperf', level: 0, benchmark: 'hackbench' },
  { name: 'memcaslap', level: 0, benchmark: 'netperf-rr' },
];

/** The benchmarks that these tools measure. */
const MEASURES: Readonly<Record<string, string>> = { netperf: 'netperf-rr', memcaslap: 'memcached' };

/** Puts a shell script in the place of a tool that has yet to be used. */
function instead(script: string): Way {
  return {
    arrive: (scene) => scene.guest('client'),
    inject: (scene) => {
      const { target } = scene.planned;
      const hasBegun = scene.run.recordsOf('series').some(({ benchmark }) => benchmark === MEASURES[target]);
      if (hasBegun) throw new MissedError(`${target} was already used`);
      const file = `/tmp/${target}`;
      return scene.inGuest(
        'client',
        `printf '#!/bin/sh\\n${script}\\n' >${file} && chmod +x ${file} && mount --bind ${file} $(command -v ${target})`,
      );
    },
  };
}

export const TOOL_KINDS: readonly FaultKind[] = [
  {
    name: 'tool-garbage',
    about: 'makes a tool print noise and exit with 0',
    targets: TOOLS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure'],
    ...instead('head -c 3000 /dev/urandom'),
    expected: { ends: [1], says: /netperf|memcached/, withinSeconds: RUN_SECONDS },
  },
  {
    name: 'tool-empty',
    about: 'makes a tool print nothing and exit with 0',
    targets: TOOLS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure'],
    ...instead('exit 0'),
    expected: { ends: [1], says: /netperf|memcached/, withinSeconds: RUN_SECONDS },
  },
  {
    name: 'tool-endless',
    about: 'makes a tool print without end',
    targets: TOOLS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure'],
    weight: 0.2,
    ...instead('exec yes'),
    expected: {
      ends: [1],
      says: /(netperf|memcaslap|memcached).*(printed more than|did not end within)/,
      withinSeconds: DEADLINE_SECONDS,
    },
  },
  {
    name: 'service-dies',
    about: "ends a benchmark's service with SIGKILL",
    targets: [
      { name: 'netserver', level: 0, benchmark: 'netperf-rr' },
      { name: 'memcached', level: 0, benchmark: 'memcached' },
    ],
    phases: ['measure'],
    arrive: (scene) => scene.guest(scene.levelUnderTest),
    inject: (scene) =>
      scene.inGuest(scene.levelUnderTest, `pkill -KILL -x ${scene.planned.target} || exit ${NOT_THERE}`),
    expected: { ends: [1], says: /netperf|memcached|service/, withinSeconds: RUN_SECONDS },
  },
];
