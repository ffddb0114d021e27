// What the recording of a call that has ended is counted as: whole, lost, or not there yet.
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { OpenRecording, RecordingStorage } from '#ports/recording-storage.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createTurnGapJob } from './turn-gap-job.ts';
import { createTurnGapMetrics } from './turn-gap-metrics.ts';

/** A stereo WAV file of 8 kHz with nothing but silence. */
function silence(ms: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(ms * 32, 40);
  return Buffer.concat([header, Buffer.alloc(ms * 32)]);
}

function storageOf(file: Buffer | null): RecordingStorage {
  const recording = (bytes: Buffer): OpenRecording => ({
    bytes: bytes.length,
    modifiedAt: new Date(0),
    closed: Promise.resolve(),
    read: () => new Blob([new Uint8Array(bytes)]).stream(),
    [Symbol.asyncDispose]: async () => {},
  });
  return { measure: async () => null, open: async () => file && recording(file), remove: async () => false };
}

/** A call in which twenty seconds were talked. */
const turns = [
  { seq: 1, role: 'agent', input: null, startedAt: new Date(1_000), endedAt: new Date(4_000), gapMs: null },
  { seq: 2, role: 'caller', input: 'speech', startedAt: new Date(6_000), endedAt: new Date(21_000), gapMs: null },
] as const;

async function lostAfter(file: Buffer | null, { attempt = 5 } = {}): Promise<string[]> {
  const registry = new Registry();
  const job = createTurnGapJob({
    turnGaps: { find: async () => ({ recordingPath: 'a.wav', wasAnswered: true, turns }) },
    recordings: storageOf(file),
    metrics: createTurnGapMetrics(registry),
  });
  const run = { jobId: 'job', scope: mintOrgScope('org_00000000000000000000000000000001'), payload: { callId: 'call' }, attempt };
  await job.run(run as never, { signal: new AbortController().signal, log: silentLog } as never);
  const text = await registry.metrics();
  return [...text.matchAll(/recordings_lost_total\{how="(\w+)"\} 1/g)].map(([, how = '']) => how);
}

it('a recording that is as long as the call is whole', async () => {
  expect(await lostAfter(silence(20_000))).toEqual([]);
});

it('a recording that is not there, holds no sound or ends early is counted as lost', async () => {
  expect(await lostAfter(null)).toEqual(['missing']);
  expect(await lostAfter(Buffer.alloc(0))).toEqual(['empty']);
  expect(await lostAfter(silence(9_000))).toEqual(['cut_short']);
});

it('a recording that is not there yet is looked for again', async () => {
  await expect(lostAfter(null, { attempt: 1 })).rejects.toThrow('not there yet');
});
