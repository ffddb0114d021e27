import { describe, expect, it } from 'vitest';
import { framesOf, silentFrames } from '#audio/frame.ts';
import type { VoiceProbability } from '#ports/voice-activity.ts';
import { createEnergyVoiceActivity } from './energy-voice-activity.ts';
import { encodeText } from './text-modem.ts';

async function listenTo(pcm: Int16Array): Promise<VoiceProbability[]> {
  const heard: VoiceProbability[] = [];
  const stream = createEnergyVoiceActivity().openStream((voice) => heard.push(voice));
  let atMs = 0;
  for (const frame of framesOf(pcm)) stream.push(frame, (atMs += 20));
  expect(heard).toEqual([]);
  await Promise.resolve();
  return heard;
}

describe('voice activity by loudness', () => {
  it('takes every window of the modem for speech, silence for none', async () => {
    const speech = await listenTo(encodeText('buenos días'));
    expect(speech.length).toBeGreaterThan(20);
    expect(Math.min(...speech.map((voice) => voice.probability))).toBeGreaterThan(0.9);
    const silence = await listenTo(silentFrames(50));
    expect(silence).toHaveLength(31);
    expect(Math.max(...silence.map((voice) => voice.probability))).toBeLessThan(0.1);
  });

  it('tells when the window ended', async () => {
    expect((await listenTo(silentFrames(4))).map((voice) => voice.atMs)).toEqual([40, 80]);
  });

  it('says nothing once closed', async () => {
    const heard: VoiceProbability[] = [];
    const stream = createEnergyVoiceActivity().openStream((voice) => heard.push(voice));
    for (const frame of framesOf(silentFrames(4))) stream.push(frame, 0);
    stream.close();
    await Promise.resolve();
    expect(heard).toEqual([]);
  });
});
