// Answers the other side's sender reports as every telephone does, so that it can tell how far away we are. We lose nothing and have no jitter of note.
import { createSocket } from 'node:dgram';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const RECEIVER_REPORT_BYTES = 32;
/** Version 2, one report in it. */
const FIRST_BYTE = 0x81;
/** Up to the sender's clock, of which the report gives the middle 32 bits back. */
const SENDER_REPORT_BYTES = 28;

/** Listens on the port behind RTP's. A port that somebody else has is no reason to fail: then this telephone sends no reports. */
export function openRtcpResponder({ host, port, ssrc }: { host: string; port: number; ssrc: number }): { close(): void } {
  const socket = createSocket('udp4');
  let isOpen = true;
  const close = (): void => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  socket.on('error', close);
  socket.on('message', (bytes, from) => {
    const report = receiverReport(bytes, ssrc);
    if (report && isOpen) socket.send(report, from.port, from.address);
  });
  socket.bind(port, host);
  return { close };
}

/** The answer to a sender report; null for anything else. The delay since its arrival is none: it is answered at once. */
export function receiverReport(bytes: Buffer, ssrc: number): Buffer | null {
  if (bytes.length < SENDER_REPORT_BYTES || bytes.readUInt8(1) !== SENDER_REPORT) return null;
  const report = Buffer.alloc(RECEIVER_REPORT_BYTES);
  report.writeUInt8(FIRST_BYTE, 0);
  report.writeUInt8(RECEIVER_REPORT, 1);
  report.writeUInt16BE(RECEIVER_REPORT_BYTES / 4 - 1, 2);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE(bytes.readUInt32BE(4), 8);
  report.writeUInt32BE(bytes.readUInt32BE(10), 24);
  return report;
}
