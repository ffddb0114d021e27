import { expect, it } from 'vitest';
import { receiverReport } from './rtcp-responder.ts';

it('a sender report is answered with the middle of its clock, for the source that sent it; anything else is not', () => {
  const report = Buffer.alloc(28);
  report.writeUInt8(0x80, 0);
  report.writeUInt8(200, 1);
  report.writeUInt32BE(0xaaaa_bbbb, 4);
  report.writeUInt32BE(0x1111_2222, 8);
  report.writeUInt32BE(0x3333_4444, 12);
  const answer = receiverReport(report, 7);
  expect(answer?.readUInt8(1)).toBe(201);
  expect([answer?.readUInt32BE(4), answer?.readUInt32BE(8), answer?.readUInt32BE(24)]).toEqual([7, 0xaaaa_bbbb, 0x2222_3333]);
  expect(receiverReport(Buffer.alloc(28), 7)).toBeNull();
  expect(receiverReport(report.subarray(0, 20), 7)).toBeNull();
});
