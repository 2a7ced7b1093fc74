/**
 * What QEMU is started with for a machine, as data. It becomes an argument vector only when it is started
 * (qemu-argv.ts).
 */

/** In the order in which QEMU gets them. */
export type Properties = Readonly<Record<string, string>>;

export interface Typed {
  readonly type: string;
  readonly properties?: Properties;
}

/** A device, or its backend. */
export interface Part {
  readonly option: 'chardev' | 'device' | 'drive' | 'netdev' | 'object';
  /** The driver, or the kind of backend; a drive has none. */
  readonly type?: string;
  readonly properties: Properties;
}

export interface Cpu {
  readonly model: string;
  readonly features: readonly string[];
}

/** Everything except what the machine's plan already has: its CPUs, its memory and its kernel command line. */
export interface QemuPlan {
  readonly program: string;
  readonly machine: Typed;
  /** Removes the HPET, if the machine has no property for it. */
  readonly noHpet?: boolean;
  readonly firmware?: string | undefined;
  readonly accelerator: Typed;
  /** Virtual time, in which an instruction takes 2^n nanoseconds. */
  readonly icountShift?: number;
  readonly cpu: Cpu;
  /** Whether KVM must not trap the guest's HLT. */
  readonly passesHalts?: boolean;
  /** The DVH QEMU's own option. */
  readonly dvh?: Properties | undefined;
  /** Without the devices and the configuration files that QEMU adds by itself. */
  readonly isBare: boolean;
  readonly kernel: string;
  /** In this order, which decides the PCI slots of those without one. */
  readonly devices: readonly Part[];
  readonly network: readonly Part[];
  readonly qmpSocket: string;
  readonly consoleSocket: string;
  readonly pidFile?: string;
  /** It goes into the background once its sockets listen. */
  readonly daemonizes?: boolean;
  /** The character device that the serial port writes to. */
  readonly serial?: string;
  /**
   * Where it loads the machine's state from, instead of booting it: a command (`exec:`), or a file (`file:`) with a fixed
   * place for each page (docs/devel/migration/mapped-ram.rst in QEMU's source).
   */
  readonly incoming?: string;
}
