/** All kinds of faults. */
import { CONNECTION_KINDS } from './connection-kinds.ts';
import { DISK_KINDS } from './disk-kinds.ts';
import type { FaultKind } from './fault-kind.ts';
import { GUEST_KINDS } from './guest-kinds.ts';
import { HOST_KINDS } from './host-kinds.ts';
import { MACHINE_KINDS } from './physical/machine-kinds.ts';
import { PROCESS_KINDS } from './process-kinds.ts';
import { SNAPSHOT_KINDS } from './snapshot-kinds.ts';
import { TOOL_KINDS } from './tool-kinds.ts';

export const FAULT_KINDS: readonly FaultKind[] = [
  ...PROCESS_KINDS,
  ...GUEST_KINDS,
  ...CONNECTION_KINDS,
  ...DISK_KINDS,
  ...SNAPSHOT_KINDS,
  ...TOOL_KINDS,
  ...HOST_KINDS,
  ...MACHINE_KINDS,
];
