/** A campaign on two machines of the user's. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { cacheDirectory } from '../../../setup/lib/cache-directory.ts';
import { TOOLS_ROOT } from '../../../setup/stack/enter-image.ts';
import type { CampaignTestbed } from '../campaign-testbed.ts';
import { ownMachine, type OwnMachines } from './own-machines.ts';

/** The server reboots, and its firmware alone takes minutes; a stack that is lost makes it reboot again. */
const PATIENCE_SECONDS = 3600;
const SLACK_SECONDS = 600;

/**
 * @param file of the testbed, as the runs get it.
 */
export function physicalCampaign(file: string, machines: OwnMachines): CampaignTestbed {
  return {
    name: 'physical',
    patienceSeconds: PATIENCE_SECONDS,
    slackSeconds: SLACK_SECONDS,
    makePlace(root) {
      const [temporary, results] = [path.join(root, 't'), path.join(root, 'r')];
      for (const directory of [temporary, results]) mkdirSync(directory, { recursive: true });
      // No fault of these machines is one of the cache.
      return { root, temporary, results, cache: cacheDirectory() };
    },
    environment: () => ({ TESTBED: path.resolve(file) }),
    reach: (name, { signal }) => machines.connect(ownMachine(name), signal, TOOLS_ROOT),
    isWarm: () => true,
    machines,
    async prepare({ phase, target }, signal) {
      // Nothing is measured on a machine that an earlier fault left broken.
      await machines.putBack(signal);
      await using held = new AsyncDisposableStack();
      held.use(await machines.hold(signal));
      if (phase === 'deploy') await machines.bootOwnKernel(signal);
      if (phase === 'copy') await machines.takeImage(ownMachine(target), signal);
      return held.move();
    },
    leftovers: (signal) => machines.leftovers(signal),
  };
}

/** What such a campaign says before it breaks anything. */
export function warningOf({ client, server }: TestbedDescription): string[] {
  return [
    `This campaign breaks two machines of yours, client ("ssh ${client.ssh}") and server ("ssh ${server.ssh}"):`,
    '  it resets them as a power cut does, without writing what they have in memory to their disks;',
    '  it ends SSH sessions, whoever started them;',
    `  it renames the server's ${server.interface}, fills the disk with /boot, and hides root's authorized keys.`,
    'What it breaks it puts back after each fault. After a kill the next campaign does, or the machine itself after half an hour,',
    'unless it was restarted meanwhile: then only the next campaign does.',
  ];
}
