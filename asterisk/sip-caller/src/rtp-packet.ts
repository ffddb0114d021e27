// RTP packets: 12 bytes of header, then 20 ms of G.711 or a DTMF event.

export const RTP_HEADER_BYTES = 12;

export type RtpHeader = {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
};

/** Writes the header into the first 12 bytes of `packet`. */
export function writeRtpHeader(packet: Buffer, header: RtpHeader): void {
  packet[0] = 0x80;
  packet[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  packet.writeUInt16BE(header.sequence & 0xffff, 2);
  packet.writeUInt32BE(header.timestamp >>> 0, 4);
  packet.writeUInt32BE(header.ssrc >>> 0, 8);
}

/** Reads a packet; null when it is not RTP version 2 (RTCP and STUN share ports with it). `payload` is a view. */
export function parseRtp(packet: Buffer): (RtpHeader & { readonly payload: Uint8Array }) | null {
  if (packet.length < RTP_HEADER_BYTES) return null;
  const first = packet[0] as number;
  const second = packet[1] as number;
  if (first >> 6 !== 2 || (second >= 192 && second <= 223)) return null;
  let start = RTP_HEADER_BYTES + (first & 0xf) * 4;
  if (first & 0x10 && packet.length >= start + 4) start += 4 + packet.readUInt16BE(start + 2) * 4;
  const padding = first & 0x20 ? (packet.at(-1) as number) : 0;
  if (start + padding > packet.length) return null;
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(start, packet.length - padding),
  };
}

/** The four bytes of an RFC 4733 event: which key, whether it is let go, volume -10 dBm0, samples so far. */
export function dtmfPayload(event: { key: number; end: boolean; samples: number }): Buffer {
  const payload = Buffer.alloc(4);
  payload[0] = event.key;
  payload[1] = (event.end ? 0x80 : 0) | 10;
  payload.writeUInt16BE(event.samples, 2);
  return payload;
}

/** The event number of a key; throws on anything that no telephone has. */
export function dtmfKey(digit: string): number {
  const key = '0123456789*#ABCD'.indexOf(digit);
  if (digit.length !== 1 || key < 0) throw new RangeError(`"${digit}" is no DTMF digit: 0 to 9, *, #, A to D`);
  return key;
}
