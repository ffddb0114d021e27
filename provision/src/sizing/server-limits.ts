/**
 * Limits of the servers around a call for so many calls: ports of sound, PostgreSQL's memory and connections, open files. The only place that knows them:
 * what is rendered for either runtime, what `--plan` tells and what the doctor compares with come from here. Pure.
 */
import type { Facts } from '#facts.ts';
import { toGib } from '#gibibytes.ts';
import type { InstanceInput } from '#instance.ts';
import { admitCalls } from './admitted-calls.ts';
import { GIBIBYTE, MEBIBYTE } from './sizing-figures.ts';

/** A figure with the sum that it comes from, in words. */
export type ServerLimit = { readonly value: number; readonly arithmetic: string };

export type ServerLimits = {
  /** Calls that all of it is for. */
  readonly calls: number;
  readonly rtpFirst: number;
  readonly rtpLast: ServerLimit;
  /** Callers who may be held with music until there is room for them. */
  readonly waitingCallers: ServerLimit;
  readonly maxConnections: ServerLimit;
  readonly sharedBuffersBytes: ServerLimit;
  /** Of the inference server, and of each of the two Tritons, in containers: a model that grows ends its own server and not the database. */
  readonly inferenceBytes: ServerLimit;
  /** Of each of Asterisk's and PostgreSQL's processes. */
  readonly serverFiles: ServerLimit;
  /** Of each of the Node processes. */
  readonly nodeFiles: ServerLimit;
};

export type LimitedMachine = {
  readonly calls: number;
  readonly memoryBytes: number;
  readonly rtpFirst: number;
  /** The operator's last port, where he gave one: more are never taken. */
  readonly rtpCeiling: number | undefined;
};

/** RTP and RTCP of both legs of a transferred call. */
const PORTS_IN_USE = 2 * 2;
/** Callers on hold, each a leg of its own: the 101st would wait for longer than anybody does. */
const WAITING_CALLERS = 100;
const PORTS_PER_WAITING = 2;
const LAST_PORT = 65_534;

/** Pools of the control plane (10), of its jobs and listeners, the exporter's 5, a backup's, and whoever administrates. */
const CONNECTIONS = 100;
const CALLS_PER_CONNECTION = 4;

/** A voice, a recogniser and a language model of 1.5 billion weights in 4 bits. */
const MIN_INFERENCE_BYTES = 4 * GIBIBYTE;

/** Eight were counted in a call; the rest is for both legs of a transfer, recordings, and twice the calls. */
const FILES_PER_CALL = 64;
/** A caller on hold is one leg with its recording; twice the eight that were counted in a call. */
const FILES_PER_WAITING = 16;
const FILES = 1_024;
const MIN_FILES = 4_096;
/** What the control plane's HTTP server lets in (`http/server.ts`). */
const HTTP_CONNECTIONS = 4_000;

export function sizeServers({ calls, memoryBytes, rtpFirst, rtpCeiling }: LimitedMachine): ServerLimits {
  const rtpLast = sizePorts({ calls, rtpFirst, rtpCeiling });
  const waitingCallers = sizeWaiting({ calls, ports: rtpLast.value - rtpFirst + 1 });
  const waiting = waitingCallers.value;
  const files = Math.max(MIN_FILES, FILES + calls * FILES_PER_CALL + waiting * FILES_PER_WAITING);
  const filesSum = `the greater of ${MIN_FILES} and ${FILES} + ${calls} calls x ${FILES_PER_CALL} + ${waiting} on hold x ${FILES_PER_WAITING}`;
  return {
    calls,
    rtpFirst,
    rtpLast,
    waitingCallers,
    maxConnections: {
      value: CONNECTIONS + Math.floor(calls / CALLS_PER_CONNECTION),
      arithmetic: `${CONNECTIONS} + ${calls} calls / ${CALLS_PER_CONNECTION}`,
    },
    sharedBuffersBytes: sizeSharedBuffers(memoryBytes),
    inferenceBytes: sizeInference(memoryBytes),
    serverFiles: { value: files, arithmetic: filesSum },
    nodeFiles: { value: files + HTTP_CONNECTIONS, arithmetic: `${filesSum}, and ${HTTP_CONNECTIONS} HTTP connections` },
  };
}

function sizePorts({ calls, rtpFirst, rtpCeiling }: Omit<LimitedMachine, 'memoryBytes'>): ServerLimit {
  // Twice what the calls use, since ports that are still closing are skipped; not on top of the hold: few calls are transferred, and in containers each
  // port is a program of its own.
  const wanted = calls * PORTS_IN_USE + Math.max(calls * PORTS_IN_USE, WAITING_CALLERS * PORTS_PER_WAITING);
  const last = Math.min(rtpFirst + wanted - 1, rtpCeiling ?? LAST_PORT, LAST_PORT);
  const sum = `${calls} calls x ${PORTS_IN_USE} (RTP and RTCP of two legs), and as many again or ${WAITING_CALLERS} callers on hold x ${PORTS_PER_WAITING}`;
  return { value: last, arithmetic: last - rtpFirst + 1 < wanted ? `${sum}, up to ${last} as RTP_LAST_PORT says` : sum };
}

/** What the calls leave of the ports: whoever is held without one would have been refused by Asterisk, before anybody could tell him anything. */
function sizeWaiting({ calls, ports }: { readonly calls: number; readonly ports: number }): ServerLimit {
  const room = Math.max(0, Math.floor((ports - calls * PORTS_IN_USE) / PORTS_PER_WAITING));
  if (room >= WAITING_CALLERS) return { value: WAITING_CALLERS, arithmetic: 'a longer line waits for longer than anybody does' };
  return { value: room, arithmetic: `${ports} ports for sound - ${calls} calls x ${PORTS_IN_USE}, / ${PORTS_PER_WAITING}` };
}

function sizeSharedBuffers(memoryBytes: number): ServerLimit {
  // An eighth, not PostgreSQL's usual quarter: the models share this machine.
  const value = Math.min(4 * GIBIBYTE, Math.max(64 * MEBIBYTE, Math.floor(memoryBytes / 8 / MEBIBYTE) * MEBIBYTE));
  return { value, arithmetic: `an eighth of ${toGib(memoryBytes)} GiB, 64 MiB at least and 4 GiB at most` };
}

/** Two eighths are the database's at most, an eighth is the system's and the others'. While a model is replaced both are in memory. */
function sizeInference(memoryBytes: number): ServerLimit {
  const value = Math.max(MIN_INFERENCE_BYTES, Math.floor((memoryBytes * 5) / 8 / MEBIBYTE) * MEBIBYTE);
  return { value, arithmetic: `five eighths of ${toGib(memoryBytes)} GiB, ${toGib(MIN_INFERENCE_BYTES, 0)} GiB at least` };
}

/** The limits of an appliance: for the calls that are admitted, which a run keeps in `.env`, so that a second one renders the same. */
export function limitServers(facts: Pick<Facts, 'hardware' | 'settings' | 'sizing'>): ServerLimits {
  const { hardware, settings } = facts;
  return sizeServers({
    calls: admitCalls(facts).calls,
    memoryBytes: hardware.memory.totalBytes,
    rtpFirst: settings.RTP_FIRST_PORT,
    rtpCeiling: settings.RTP_LAST_PORT,
  });
}

/** As the configuration files of either runtime are rendered from them. */
export function instanceLimits(
  limits: ServerLimits,
  { MAX_CALL_SECONDS }: Pick<Facts['settings'], 'MAX_CALL_SECONDS'>,
): NonNullable<InstanceInput['limits']> {
  return {
    maxConcurrentCalls: limits.calls,
    maxWaitingCallers: limits.waitingCallers.value,
    maxCallSeconds: MAX_CALL_SECONDS,
    sharedBuffersBytes: limits.sharedBuffersBytes.value,
    maxConnections: limits.maxConnections.value,
    serverFiles: limits.serverFiles.value,
    nodeFiles: limits.nodeFiles.value,
  };
}

/** Ports for sound as the settings alone tell them: of a machine that was never planned, those of callers on hold. */
export function rtpPortsOf({
  MAX_CONCURRENT_CALLS: calls = 0,
  RTP_FIRST_PORT: rtpFirst,
  RTP_LAST_PORT: rtpCeiling,
}: Pick<Facts['settings'], 'MAX_CONCURRENT_CALLS' | 'RTP_FIRST_PORT' | 'RTP_LAST_PORT'>): {
  readonly first: number;
  readonly last: number;
} {
  return { first: rtpFirst, last: sizePorts({ calls, rtpFirst, rtpCeiling }).value };
}

/** Calls that find ports for their sound, when these are fewer than the calls admitted; else null. */
export function callsWithPorts({ calls, rtpFirst, rtpLast }: ServerLimits): number | null {
  const enough = Math.floor((rtpLast.value - rtpFirst + 1) / PORTS_IN_USE);
  return enough < calls ? enough : null;
}

/** Each limit on a line of its own, with its sum. */
export function describeLimits({ calls, rtpFirst, ...limits }: ServerLimits): readonly string[] {
  const { rtpLast, waitingCallers, maxConnections, sharedBuffersBytes, inferenceBytes, serverFiles, nodeFiles } = limits;
  return [
    `For ${calls} ${calls === 1 ? 'call' : 'calls'}:`,
    `  sound: UDP ports ${rtpFirst} to ${rtpLast.value}: ${rtpLast.arithmetic}`,
    `  on hold: ${waitingCallers.value} callers: ${waitingCallers.arithmetic}`,
    `  database: ${maxConnections.value} connections: ${maxConnections.arithmetic}`,
    `  database: ${sharedBuffersBytes.value / MEBIBYTE} MiB of shared buffers: ${sharedBuffersBytes.arithmetic}`,
    `  models' servers: ${toGib(inferenceBytes.value)} GiB of memory each in containers: ${inferenceBytes.arithmetic}`,
    `  Asterisk and database: ${serverFiles.value} open files each: ${serverFiles.arithmetic}`,
    `  control plane and inference: ${nodeFiles.value} open files each: ${nodeFiles.arithmetic}`,
  ];
}
