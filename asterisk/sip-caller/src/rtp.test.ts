import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ulaw } from '@centralita/control-plane/audio/g711.ts';
import { dtmfKey, dtmfPayload, parseRtp, writeRtpHeader } from './rtp-packet.ts';
import { PACKET_SAMPLES, RtpTimeline } from './rtp-timeline.ts';

describe('an RTP packet', () => {
  it('is read as it was written', () => {
    const header = fc.record({
      payloadType: fc.integer({ min: 0, max: 63 }),
      marker: fc.boolean(),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
      ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 160 }), (fields, payload) => {
        const packet = Buffer.concat([Buffer.alloc(12), payload]);
        writeRtpHeader(packet, fields);
        const { payload: got, ...rest } = parseRtp(packet) ?? { payload: new Uint8Array(0) };
        expect(rest).toEqual(fields);
        expect([...got]).toEqual([...payload]);
      }),
    );
  });

  it('is not seen in any other bytes, and none of them throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(parseRtp(Buffer.from(bytes))?.payload.length ?? 0).toBeLessThan(40);
      }),
    );
    expect(parseRtp(Buffer.from([0x80, 200, ...Array.from({ length: 20 }, () => 0)]))).toBeNull();
  });

  it('of a DTMF event carries key, end and duration', () => {
    expect([...dtmfPayload({ key: dtmfKey('#'), end: true, samples: 1_280 })]).toEqual([11, 0x8a, 5, 0]);
    expect(() => dtmfKey('E')).toThrow(/no DTMF digit/);
    expect(() => dtmfKey('12')).toThrow(RangeError);
  });
});

describe('the timeline', () => {
  const loud = (value: number) => {
    const codes = new Uint8Array(PACKET_SAMPLES);
    ulaw.encode(new Int16Array(PACKET_SAMPLES).fill(value), codes);
    return codes;
  };
  const silence = new Uint8Array(PACKET_SAMPLES).fill(ulaw.silence);

  it('places packets by timestamp: jitter leaves no trace, lost packets are silence, late ones find their place', () => {
    const timeline = new RtpTimeline({ keepsSound: true });
    const add = (index: number, jitterMs: number) =>
      timeline.add(
        { timestamp: (0xffff_ff00 + index * 160) >>> 0, ssrc: 1, payload: loud(1_000 * (index + 1)) },
        ulaw,
        500 + index * 20 + jitterMs,
      );
    add(0, 0);
    add(1, 15);
    add(4, 3);
    add(3, 30);
    const { pcm, startedAt } = timeline.received();
    expect(startedAt).toBe(500);
    expect(pcm).toHaveLength(5 * PACKET_SAMPLES);
    const levels = [0, 1, 2, 3, 4].map((packet) => Math.round((pcm[packet * PACKET_SAMPLES + 80] as number) / 1_000));
    expect(levels).toEqual([1, 2, 0, 4, 5]);
  });

  it('follows the arrival clock when timestamps jump or the source changes', () => {
    const timeline = new RtpTimeline({ keepsSound: true });
    timeline.add({ timestamp: 0, ssrc: 1, payload: loud(4_000) }, ulaw, 0);
    timeline.add({ timestamp: 9_000_000, ssrc: 1, payload: loud(8_000) }, ulaw, 100);
    timeline.add({ timestamp: 77, ssrc: 2, payload: loud(12_000) }, ulaw, 200);
    const { pcm } = timeline.received();
    expect(pcm).toHaveLength(1_760);
    expect([0, 800, 1_600].map((at) => Math.round((pcm[at + 5] as number) / 4_000))).toEqual([1, 2, 3]);
    expect(pcm[400]).toBe(0);
  });

  it('tells when the first and last audible packets came, from any instant on', () => {
    const timeline = new RtpTimeline({ keepsSound: false });
    const sounds = [silence, loud(3_000), loud(3_000), silence, loud(3_000), silence];
    for (const [index, payload] of sounds.entries()) timeline.add({ timestamp: index * 160, ssrc: 1, payload }, ulaw, 1_000 + index * 20);
    expect([timeline.firstAudioAt(), timeline.lastAudioAt()]).toEqual([1_020, 1_080]);
    expect([timeline.firstAudioAt(1_050), timeline.lastAudioAt(1_090)]).toEqual([1_080, null]);
    expect(timeline.firstAudioAt(0, 0)).toBeNull();
    expect(timeline.received().pcm).toHaveLength(0);
    expect(timeline.received().arrivedAt).toHaveLength(6);
  });
});
