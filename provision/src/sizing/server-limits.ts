/** Limits of the servers around a call for so many calls: ports of sound, PostgreSQL's memory and connections, Asterisk's files. Pure. */
import { GIBIBYTE, MEBIBYTE } from './sizing-figures.ts';
import type { SizingPlan } from './sizing-plan.ts';

/** RTP and RTCP of both legs of a transferred call, and Asterisk refuses at twice the calls that are admitted. */
const PORTS_PER_CALL = 2 * 2 * 2;
/** Asterisk skips ports that are still closing: a short range would run out of itself. */
const MIN_PORTS = 200;

export function sizePorts(rtpFirst: number, calls: number): SizingPlan['ports'] {
  return { rtpFirst, rtpLast: Math.min(65_534, rtpFirst + Math.max(MIN_PORTS, calls * PORTS_PER_CALL) - 1) };
}

/** Of the database: pools of the control plane and its jobs, exporters, and whoever administrates. */
const CONNECTIONS = 100;

export function sizePostgres(memoryBytes: number, calls: number): SizingPlan['postgres'] {
  // An eighth, not PostgreSQL's usual quarter: the models share this machine.
  const sharedBuffersBytes = Math.min(4 * GIBIBYTE, Math.max(64 * MEBIBYTE, Math.floor(memoryBytes / 8 / MEBIBYTE) * MEBIBYTE));
  return { sharedBuffersBytes, maxConnections: CONNECTIONS + Math.floor(calls / 4) };
}

/** Sockets of sound, WebSocket, timers and recording of both legs; twice the calls. */
const FILES_PER_CALL = 64;
const MIN_FILES = 4_096;

export function sizeFiles(calls: number): SizingPlan['asterisk'] {
  return { maxFiles: Math.max(MIN_FILES, 1_024 + calls * FILES_PER_CALL) };
}
