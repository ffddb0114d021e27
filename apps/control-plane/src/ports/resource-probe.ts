// What the processes of this server take of it, as it is measured every few seconds. Counters only grow; whoever reads them twice knows what happened between.
import type { InferenceRole } from './inference-error.ts';

/** A process with what it started. */
export type ProcessReading = {
  /** CPU time since it began. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
};

/** A model, by its server's own count. */
export type ModelReading = {
  readonly role: InferenceRole;
  /** Requests answered or failed since the server began. */
  readonly requests: number;
  /** Time that requests waited for their turn, and that they were worked on, all together, s. */
  readonly queuedSeconds: number;
  readonly busySeconds: number;
  /** Requests that it works on at once; null where the server does not say. */
  readonly slots: number | null;
};

/** The machine. */
export type HostReading = {
  readonly cores: number;
  readonly cpuSeconds: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
};

/** All graphics processors together. */
export type GpuReading = { readonly memoryUsedBytes: number; readonly memoryTotalBytes: number };

/** Measures. Nothing throws: what cannot be read is null or missing, because a measurement must never be why a call fails. */
export type ResourceProbe = {
  host(): HostReading;
  asterisk(): Promise<ProcessReading | null>;
  /** `backendPid` is any of its connections' process: its parent is the server. */
  postgres(backendPid: number): Promise<ProcessReading | null>;
  inference(options: { signal: AbortSignal }): Promise<ProcessReading | null>;
  models(options: { signal: AbortSignal }): Promise<readonly ModelReading[]>;
  /** Null where there is no such processor, or its tool does not answer in time. */
  gpu(options: { signal: AbortSignal }): Promise<GpuReading | null>;
};
