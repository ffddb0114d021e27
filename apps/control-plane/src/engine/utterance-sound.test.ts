import { expect, it } from 'vitest';
import { UtteranceBuffer } from './utterance-buffer.ts';

const silence = new Int16Array(320);
const tone = new Int16Array(320).fill(6_000);

it("tells when the caller's last audible sample came, to the sample", () => {
  const heard = new UtteranceBuffer();
  const half = new Int16Array(320);
  half.fill(6_000, 0, 160);
  for (const [frame, pcm] of [silence, tone, tone, half, silence, silence].entries()) heard.push(pcm, 1_000 + frame * 20);
  expect(heard.soundEndedAtMs(1_000)).toBe(1_070);
});

it('does not believe a frame that waited for a busy process: the frames behind it tell when it was due', () => {
  const heard = new UtteranceBuffer();
  const arrivals = [0, 20, 40, 150, 150, 150, 150, 160, 180];
  for (const [frame, atMs] of arrivals.entries()) heard.push(frame <= 4 ? tone : silence, 1_000 + atMs);
  // The last tone is frame 4, which came with frame 6 at 150: it was due at 80, and its 20 ms end at 120 at the latest by what frame 8 tells.
  expect(heard.soundEndedAtMs(1_000)).toBe(1_120);
});

it('knows nothing of a caller who was silent since then', () => {
  const heard = new UtteranceBuffer();
  heard.push(tone, 1_000);
  for (let frame = 1; frame < 10; frame++) heard.push(silence, 1_000 + frame * 20);
  expect(heard.soundEndedAtMs(1_050)).toBeNull();
});
