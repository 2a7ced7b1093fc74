/** The messages of the QEMU Machine Protocol, as far as nestbench reads them (QEMU's docs/interop/qmp-spec). */
import { z } from 'zod';

const version = z.object({
  qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }),
  package: z.string(),
});

export const greeting = z.object({ QMP: z.object({ version, capabilities: z.array(z.unknown()) }) });

const event = z.object({
  event: z.string(),
  data: z.record(z.string(), z.unknown()).optional(),
  timestamp: z.object({ seconds: z.int(), microseconds: z.int() }),
});
export type QmpEvent = z.infer<typeof event>;

/** Everything that may follow the greeting. */
export const message = z.union([
  z.object({ return: z.unknown(), id: z.int() }),
  // An error without an id is the answer to something that was not JSON.
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.int().optional() }),
  event,
]);
export type QmpMessage = z.infer<typeof message>;

const nothing = z.object({});

/** The answers to the commands that nestbench uses. */
export const answers = {
  qmp_capabilities: nothing,
  'query-version': version,
  'query-status': z.object({ status: z.string(), running: z.boolean() }),
  'query-kvm': z.object({ enabled: z.boolean(), present: z.boolean() }),
  'query-cpus-fast': z.array(z.object({ 'cpu-index': z.int(), 'thread-id': z.int() })),
  'human-monitor-command': z.string(),
  'migrate-set-parameters': nothing,
  'migrate-set-capabilities': nothing,
  migrate: nothing,
  // Has no status before the first migration.
  'query-migrate': z.object({ status: z.string().optional(), 'error-desc': z.string().optional() }),
  cont: nothing,
  stop: nothing,
  system_powerdown: nothing,
  quit: nothing,
} as const;
export type QmpAnswers = { [Command in keyof typeof answers]: z.infer<(typeof answers)[Command]> };
