/** Packets to a call's RTP and RTCP ports that are neither, and where those ports are. */
import { readFile } from 'node:fs/promises';
import type { Choices } from '@centralita/control-plane/test/seeded-random.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '@centralita/sip-caller/rtp-packet.ts';
import { noise } from './broken-frames.ts';

/** A port that somebody listens on, and the datagrams that the kernel had no room for there. */
export type UdpPort = { readonly port: number; readonly dropped: number };

/** From the kernel's own table; both ends of the range included. */
export async function udpPortsInUse({ from, to }: { readonly from: number; readonly to: number }): Promise<readonly UdpPort[]> {
  const rows = (await readFile('/proc/net/udp', 'utf8')).trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .map((fields) => ({ port: Number.parseInt(fields[1]?.split(':')[1] ?? '0', 16), dropped: Number(fields.at(-1)) }))
    .filter(({ port }) => port >= from && port <= to);
}

type Maker = (choices: Choices) => Buffer;

/** Kinds of RTCP packets: reports, description, goodbye, application, feedback, extended. */
const RTCP_TYPES = [200, 201, 202, 203, 204, 205, 206, 207] as const;
const PAYLOAD_BYTES = 160;

/** A whole packet of sound, with this first byte (version, padding, extension, number of sources). */
function rtp(choices: Choices, first: number, payloadType = 0): Buffer {
  const packet = Buffer.concat([Buffer.alloc(RTP_HEADER_BYTES), noise(choices, PAYLOAD_BYTES)]);
  const [sequence, timestamp, ssrc] = [choices.int(65_536), choices.int(2 ** 31), choices.int(2 ** 31)];
  writeRtpHeader(packet, { payloadType, marker: choices.chance(0.5), sequence, timestamp, ssrc });
  packet[0] = first;
  return packet;
}

/** An RTCP packet that tells `words` of 32 bits behind its first, and has `bytes` of them. */
function rtcp(choices: Choices, words: number, bytes: number): Buffer {
  const header = Buffer.alloc(4);
  header[0] = 0x80 | choices.int(64);
  header[1] = choices.pick(RTCP_TYPES);
  header.writeUInt16BE(words, 2);
  return Buffer.concat([header, noise(choices, bytes)]);
}

const rtpMakers: Readonly<Record<string, Maker>> = {
  'RTP cut in its header': (choices) => rtp(choices, 0x80).subarray(0, choices.int(RTP_HEADER_BYTES)),
  'RTP of another version': (choices) => rtp(choices, choices.pick([0, 0x40, 0xc0])),
  'RTP with sources that are not there': (choices) => rtp(choices, 0x8f).subarray(0, RTP_HEADER_BYTES + choices.int(40)),
  'RTP with an extension beyond its end': (choices) => rtp(choices, 0x90).fill(0xff, RTP_HEADER_BYTES, RTP_HEADER_BYTES + 4),
  'RTP with more padding than packet': (choices) => rtp(choices, 0xa0).fill(0xff, RTP_HEADER_BYTES + PAYLOAD_BYTES - 1),
  'RTP of an unknown payload': (choices) => rtp(choices, 0x80, choices.pick([1, 35, 72, 76, 77, 110, 127])),
  'a key that is none, in RTP': (choices) => rtp(choices, 0x80, 101).subarray(0, RTP_HEADER_BYTES + choices.int(4)),
  'oversized RTP': (choices) => Buffer.concat([rtp(choices, 0x80), noise(choices, 1_500 + choices.int(8_000))]),
  'noise to an RTP port': (choices) => noise(choices, choices.int(1_400)),
};

const rtcpMakers: Readonly<Record<string, Maker>> = {
  'RTCP longer by its word than it is': (choices) => rtcp(choices, 65_535, choices.int(200)),
  'RTCP shorter by its word than it is': (choices) => rtcp(choices, 0, 4 + choices.int(200)),
  'RTCP cut short': (choices) => rtcp(choices, 6, 24).subarray(0, choices.int(28)),
  'RTCP full of noise': (choices) => rtcp(choices, 10, 40),
  'several RTCP, the last one cut': (choices) => Buffer.concat([rtcp(choices, 6, 24), rtcp(choices, 6, 24), rtcp(choices, 6, 3)]),
};

/** The next broken packet for a port: RTP for even ones, RTCP for odd ones. */
export function brokenPacket(port: number, choices: Choices): { readonly kind: string; readonly bytes: Buffer } {
  const [kind, make] = choices.pick(Object.entries(port % 2 === 0 ? rtpMakers : rtcpMakers));
  return { kind, bytes: make(choices) };
}
