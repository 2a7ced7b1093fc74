/** What the global setup hands to the workers, through Vitest's `provide` and `inject`. */
import type { Clock } from '../../fixtures/clock.ts';
import type { Cell } from '../../fixtures/matrix.ts';
import type { Profile } from '../../fixtures/profiles.ts';
import type { Variant } from '../../fixtures/variant.ts';
import type { Sizing } from '../../fixtures/sizing.ts';
import type { NetworkCard } from '../../fixtures/configurations/configuration.ts';
import type { BootKind } from '../run/settings.ts';
import type { Ingredients } from './emulated/snapshot/identity.ts';
import type { Prefetched } from './emulated/snapshot/prefetch.ts';
import type { Accelerator } from '../stack/machine-plan.ts';
import type { HostPaths } from './emulated/stack-plan.ts';
import type { PhysicalHost } from './physical/physical-plan.ts';
import type { DeployedImage } from './physical/tools.ts';

export interface ProvidedExperiment {
  /** `results/EXPERIMENT`. */
  readonly directory: string;
  readonly name: string;
  readonly profile: Profile;
  readonly accelerator: Accelerator;
  readonly sizing: Sizing;
  readonly variant: Variant;
  readonly paths: HostPaths;
  readonly card: NetworkCard;
  readonly tscKhz: number | undefined;
  readonly kernelRelease: string;
  /** CLOCK, where it was asked for. */
  readonly clock: Clock | undefined;
  /** BOOT: restored where it can be, or booted in any case. */
  readonly boot: BootKind;
  /** What a snapshot depends on besides the plan, and how much all of them may take. */
  readonly ingredients: Ingredients;
  readonly snapshotBytes: number;
  /** The machines of the first cell, where they were started with their snapshot. */
  readonly prefetched: Prefetched | undefined;
  /** Where the two machines are physical ones: what their cells are planned for. */
  readonly physical: ProvidedPhysical | undefined;
}

export interface ProvidedPhysical extends Omit<PhysicalHost, 'sizing' | 'variant' | 'kind'> {
  /** What guests boot from, and what runs on the two machines. */
  readonly image: DeployedImage;
}

declare module 'vitest' {
  interface ProvidedContext {
    cell: Cell;
    experiment: ProvidedExperiment;
  }
}
