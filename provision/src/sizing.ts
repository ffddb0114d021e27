/** How much this machine is asked to carry. Planning numbers, until the machine measures itself. */
import type { MachineFacts } from './machine-facts.ts';

const MEBIBYTE = 1_048_576;
const GIBIBYTE = 1024 * MEBIBYTE;
/** Asterisk costs 0.7 % of a core per call, the control plane 0.5 %, espeak-ng and recognition take the rest. */
const CALLS_PER_CORE = 25;
/** Left to the system, PostgreSQL and the idle processes. */
const RESERVED_BYTES = 2 * GIBIBYTE;
/** Asterisk's and the control plane's part of a call, and its share of recognition at work. */
const BYTES_PER_CALL = 48 * MEBIBYTE;
const MAX_CALLS = 500;

export type Sizing = { readonly maxConcurrentCalls: number; readonly sharedBuffersBytes: number };

/** Live calls that cores and memory allow, one at least, and PostgreSQL's share of the memory. */
export function sizeMachine({ cores, memoryBytes }: Pick<MachineFacts, 'cores' | 'memoryBytes'>): Sizing {
  const byMemory = Math.floor((memoryBytes - RESERVED_BYTES) / BYTES_PER_CALL);
  const maxConcurrentCalls = Math.max(1, Math.min(cores * CALLS_PER_CORE, byMemory, MAX_CALLS));
  // An eighth, not PostgreSQL's usual quarter: the models share this machine.
  const sharedBuffersBytes = Math.min(4 * GIBIBYTE, Math.max(64 * MEBIBYTE, Math.floor(memoryBytes / 8 / MEBIBYTE) * MEBIBYTE));
  return { maxConcurrentCalls, sharedBuffersBytes };
}
