/** The storm itself: malformed packets to Asterisk and broken frames to both of us, at a steady rate, counted by kind. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createChoices } from '@centralita/control-plane/test/seeded-random.ts';
import type { Choices } from '@centralita/control-plane/test/seeded-random.ts';
import { mutatedSip } from '@centralita/e2e/sip-mutation.ts';
import { brokenFrame } from './broken-frames.ts';
import { brokenPacket } from './broken-rtp.ts';
import type { FrameWire, SocketKind } from './frame-wire.ts';

export type StormOptions = {
  readonly packets: number;
  readonly frames: number;
  readonly sipPort: number;
  /** Whom the malformed INVITEs are for, in equal parts. */
  readonly dialled: readonly string[];
  /** RTP and RTCP ports of the live calls. */
  readonly rtpPorts: readonly number[];
  readonly wire: FrameWire;
  readonly seed: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
};

/** What was sent, by what was wrong with it. */
export type StormCounts = {
  readonly packets: number;
  readonly frames: number;
  readonly byKind: ReadonlyMap<string, number>;
  /** In words; null: it was sent whole. */
  readonly stoppedBecause: string | null;
};

/** Packets, and frames, of one second: twenty times what a busy box gets of sound ones. */
const PER_SECOND = 500;
const TICK_MS = 20;
/** Of ten frames three go to RTP ports, four to media sockets and three to the socket of events. */
const FRAME_TARGETS = ['rtp', 'media', 'events', 'media', 'rtp', 'media', 'events', 'rtp', 'media', 'events'] as const;
/** Of so many frames for a socket one ends it: a call's sound may be built anew ten times, and there are twice as many calls as callers. */
const BREAKS_EVERY = 250;
/** Without a socket for this long there is nothing left to disturb. */
const NO_SOCKET_MS = 15_000;

/** Sends everything; settles when the last one is out, or when there is no socket to disturb any more. */
export async function runStorm(options: StormOptions): Promise<StormCounts> {
  const { packets, frames, signal } = options;
  const sockets = { sip: await openUdp(), rtp: await openUdp() };
  const byKind = new Map<string, number>();
  const count = (kind: string): void => void byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  const messages = sipMessages(options, sockets.sip);
  const nextFrame = frameSender(options, { socket: sockets.rtp, count });
  const sent = { packets: 0, frames: 0 };
  let waitsSinceMs: number | null = null;
  let stoppedBecause: string | null = null;
  try {
    for (let tick = 1; stoppedBecause === null && (sent.packets < packets || sent.frames < frames); tick++) {
      const due = Math.ceil((tick * TICK_MS * PER_SECOND) / 1_000);
      for (; sent.packets < Math.min(packets, due); sent.packets++) {
        const message = messages.next();
        if (message.done === true) throw new Error(`only ${sent.packets} of ${packets} malformed SIP messages were made`);
        sockets.sip.send(message.value, options.sipPort, '127.0.0.1');
        count('SIP and SDP, malformed');
      }
      const before = sent.frames;
      while (sent.frames < Math.min(frames, due) && nextFrame(sent.frames)) sent.frames++;
      waitsSinceMs = sent.frames > before || sent.frames >= frames ? null : (waitsSinceMs ?? performance.now());
      if (waitsSinceMs !== null && performance.now() - waitsSinceMs > NO_SOCKET_MS)
        stoppedBecause = `no socket to disturb for ${NO_SOCKET_MS} ms`;
      await sleep(TICK_MS, undefined, { signal });
    }
  } finally {
    sockets.sip.close();
    sockets.rtp.close();
  }
  return { ...sent, byKind, stoppedBecause };
}

async function openUdp(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  // What Asterisk answers is of no interest, and a port of a call that is over answers with an error.
  socket.on('error', () => undefined).on('message', () => undefined);
  return socket;
}

/** The messages for each number, one of each in turn. */
function* sipMessages({ packets, sipPort, dialled, seed }: StormOptions, socket: Socket): Generator<Buffer> {
  const from = { host: '127.0.0.1', port: socket.address().port };
  const server = `127.0.0.1:${sipPort}`;
  const count = Math.ceil(packets / dialled.length);
  const streams = dialled.map((number, index) => mutatedSip({ seed: seed * dialled.length + index, count, server, dialled: number, from }));
  for (let index = 0; index < count; index++)
    for (const stream of streams) {
      const message = stream.next();
      if (message.done !== true) yield message.value;
    }
}

type FrameSending = { readonly socket: Socket; readonly count: (kind: string) => void };

/** Sends the frame of this number; false when its socket is being opened anew just now. */
function frameSender({ wire, rtpPorts, random }: StormOptions, { socket, count }: FrameSending): (index: number) => boolean {
  const choices = createChoices(random);
  const sent = { media: 0, events: 0 };
  const inject = (kind: SocketKind): boolean => {
    const breaks = sent[kind] % BREAKS_EVERY === BREAKS_EVERY - 1;
    const frame = brokenFrame(kind, breaks, { choices, recentTexts: wire.recentTexts });
    if (!wire.inject(kind, frame)) return false;
    sent[kind] += 1;
    count(`${kind === 'media' ? 'media socket' : 'event socket'}${breaks ? ', which ends it' : ''}: ${frame.kind}`);
    return true;
  };
  return (index) => {
    const target = FRAME_TARGETS[index % FRAME_TARGETS.length] ?? 'rtp';
    return target === 'rtp' ? spray(choices, { socket, count, rtpPorts }) : inject(target);
  };
}

function spray(choices: Choices, { socket, count, rtpPorts }: FrameSending & Pick<StormOptions, 'rtpPorts'>): boolean {
  const port = choices.pick(rtpPorts);
  const { kind, bytes } = brokenPacket(port, choices);
  socket.send(bytes, port, '127.0.0.1');
  count(`${port % 2 === 0 ? 'RTP' : 'RTCP'} port: ${kind}`);
  return true;
}
