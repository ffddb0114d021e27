/** What was found out about a machine: the detection's answer, and all that sizing, checks and the screen know of it. Types only. */

/** What could not be found out, and why: the text names the probe and what to do. */
export type Unknown = { readonly kind: 'unknown'; readonly reason: string; readonly fix: string | null };
/** A figure, or why there is none. */
export type Known<T> = { readonly kind: 'known'; readonly value: T } | Unknown;

/** A slice of a board that was cut up (MIG): a board of its own for whoever places models. */
export type GpuInstance = { readonly uuid: string; readonly profile: string; readonly memoryBytes: number };

export type Gpu = {
  readonly uuid: string;
  readonly name: string;
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly driverVersion: string;
  /** Such as 8.9; null where the driver does not say. */
  readonly computeCapability: number | null;
  /** `enabled` without instances: nothing can run on the board. */
  readonly mig: 'enabled' | 'disabled' | 'unsupported';
  readonly instances: readonly GpuInstance[];
  /** Uncorrected memory errors since the last reset; null where the board does not count. */
  readonly eccErrors: number | null;
};

/** `absent`: no NVIDIA device and no driver. `broken`: a board or a driver is there and does not answer as it should. */
export type GpuReport =
  | { readonly kind: 'absent'; readonly others: readonly string[] }
  | { readonly kind: 'found'; readonly gpus: readonly Gpu[] }
  | { readonly kind: 'broken'; readonly reason: string; readonly fix: string };

export type Cpu = {
  readonly model: string;
  readonly architecture: string;
  readonly cores: number;
  readonly avx2: boolean;
  readonly avx512: boolean;
  readonly f16c: boolean;
};

export type Disk = {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
  readonly fileSystem: string;
  /** Time of one write that reached the disk, at p95 of 50. */
  readonly fsyncP95Ms: Known<number>;
};

export type Engine = {
  readonly name: 'docker' | 'podman';
  readonly version: string;
  readonly composeVersion: string | null;
  readonly isRootless: boolean;
  readonly storageDriver: string | null;
  readonly hasNvidiaRuntime: boolean;
  /** Whether a container really saw a GPU; unknown where no image is there to try it with. */
  readonly gpuInContainer: Known<boolean>;
};

export type Hardware = {
  readonly system: { readonly id: string; readonly version: string; readonly kernel: string; readonly virtualization: string | null };
  readonly cpu: Cpu;
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number; readonly swapBytes: number };
  readonly disk: Disk;
  readonly gpu: GpuReport;
  readonly engine: Known<Engine | null>;
  readonly nvidiaToolkitVersion: string | null;
  /** Offset of the clock against its source, in milliseconds; positive: the clock is ahead. */
  readonly clockOffsetMs: Known<number>;
  readonly network: { readonly addresses: readonly string[]; readonly publicAddress: Known<string>; readonly isBehindNat: Known<boolean> };
  /** Telephony or database servers of the machine's own, such as `asterisk 20.6.0 (running)`. */
  readonly foreignServers: readonly string[];
  /** Each probe with its time, so that a slow one is seen; at most 5,000 ms each. */
  readonly probes: readonly { readonly name: string; readonly ms: number; readonly isTimedOut: boolean }[];
};
