/** Frames of the WebSocket protocol (RFC 6455, 5.2) as bytes: whoever stands between two ends must know where one stops, and may make some that no end would. */

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9 } as const;

/** One frame of a stream. */
export type StreamFrame = {
  /** Header included. */
  readonly bytes: Buffer;
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
};

/** What may be wrong with a frame that is written. */
export type FrameFaults = {
  /** The reserved bits, 0 to 7. */
  readonly reserved?: number;
  readonly isFinal?: boolean;
  /** A server never masks. */
  readonly masked?: boolean;
  /** The length that the header tells, when it is not the true one. */
  readonly toldBytes?: number;
};

/** A server's frame. Without faults it is a sound one, whatever it carries. */
export function frameOf(opcode: number, payload: Buffer, faults: FrameFaults = {}): Buffer {
  const { reserved = 0, isFinal = true, masked = false, toldBytes = payload.length } = faults;
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const key = masked ? Buffer.alloc(4) : Buffer.alloc(0);
  if (toldBytes < 126) return Buffer.concat([Buffer.of(first, mask | toldBytes), key, payload]);
  const header = Buffer.alloc(toldBytes < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = mask | (toldBytes < 65_536 ? 126 : 127);
  if (toldBytes < 65_536) header.writeUInt16BE(toldBytes, 2);
  else header.writeBigUInt64BE(BigInt(toldBytes), 2);
  return Buffer.concat([header, key, payload]);
}

/** The first frame of a server's stream; null while it is not whole. */
export function takeFrame(stream: Buffer): StreamFrame | null {
  if (stream.length < 2) return null;
  const short = stream.readUInt8(1) & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (stream.length < header) return null;
  const length = short < 126 ? short : short === 126 ? stream.readUInt16BE(2) : Number(stream.readBigUInt64BE(2));
  if (stream.length < header + length) return null;
  const first = stream.readUInt8(0);
  const bytes = stream.subarray(0, header + length);
  return { bytes, opcode: first & 0xf, isFinal: first >= 0x80, payload: bytes.subarray(header) };
}
