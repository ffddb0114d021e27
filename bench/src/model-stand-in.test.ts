import { findTensor, openTritonClient, textsOf, textTensor } from 'triton-client-grpc-generated';
import type { InferReply, Tensor } from 'triton-client-grpc-generated';
import { describe, expect, it } from 'vitest';
import { openModelStandInProcess } from './model-stand-in-process.ts';
import { openModelStandIn } from './model-stand-in.ts';

const audio = (samples: number): Tensor => ({ name: 'AUDIO', datatype: 'INT16', shape: [1, samples], values: new Int16Array(samples) });
const speed: Tensor = { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(1) };
const hear = (hint: string) => ({
  model: 'speech_to_text',
  id: 'utterance-1',
  inputs: [audio(16_000), textTensor('LANGUAGE', ['es']), textTensor('HINTS', [hint])],
});
const speak = (text: string) => ({
  model: 'text_to_speech',
  id: 'sentence-1',
  inputs: [textTensor('TEXT', [text]), textTensor('LANGUAGE', ['es']), textTensor('VOICE', ['']), speed],
});
const textIn = (reply: InferReply, name: string): string => {
  const tensor = findTensor(reply.outputs, name);
  return tensor?.datatype === 'BYTES' ? textsOf(tensor).join('') : '';
};

describe('the stand-in models', () => {
  it('understand the expected phrase, write and speak, each after its delay', async () => {
    await using standIn = await openModelStandIn({ speechToTextMs: 30, firstDeltaMs: 20, textToSpeechMs: 40, reply: 'Uno dos {n}' });
    await using client = openTritonClient({ url: standIn.url });
    expect(textIn(await client.infer(hear('quiero una cita')), 'TEXT')).toBe('quiero una cita');

    const spoken: Int16Array[] = [];
    for await (const reply of client.streamInfer(speak('Buenos días, ¿en qué le ayudo?'))) {
      const chunk = findTensor(reply.outputs, 'AUDIO');
      if (chunk?.datatype === 'INT16') spoken.push(chunk.values);
    }
    const samples = spoken.reduce((total, chunk) => total + chunk.length, 0);
    expect(samples).toBe(30 * 65 * 16);
    expect(Math.max(...spoken[0]!)).toBeGreaterThan(2_000);

    let written = '';
    for await (const reply of client.streamInfer({ model: 'language_model', inputs: [textTensor('text_input', ['hola'], [1])] })) {
      written += textIn(reply, 'text_output');
    }
    expect(written).toBe('Uno dos 1');

    const timings = await standIn.takeTimings();
    expect(timings.map(({ role, text, outcome }) => ({ role, text, outcome }))).toEqual([
      { role: 'speech_to_text', text: 'quiero una cita', outcome: 'answered' },
      { role: 'text_to_speech', text: 'Buenos días, ¿en qué le ayudo?', outcome: 'answered' },
      { role: 'language_model', text: 'Uno dos 1', outcome: 'answered' },
    ]);
    // A timer may fire up to 1 ms early by this clock.
    expect(timings.map((timing) => timing.firstReplyAt! - timing.receivedAt >= 19)).toEqual([true, true, true]);
    expect(await standIn.takeTimings()).toEqual([]);
  });

  it('record a reply that the client cancelled', async () => {
    await using standIn = await openModelStandIn({ textToSpeechMs: 10_000 });
    await using client = openTritonClient({ url: standIn.url });
    const controller = new AbortController();
    const reading = client.streamInfer(speak('Esto no se oirá'), { signal: controller.signal }).next();
    setTimeout(() => controller.abort(), 50);
    await expect(reading).rejects.toThrow(/cancel/i);
    await expect.poll(async () => (await standIn.takeTimings()).map((timing) => timing.outcome)).toEqual(['cancelled']);
  });

  it('run in a process of their own, and hand their timings over', async () => {
    await using standIn = await openModelStandInProcess({ speechToTextMs: 0, heard: 'frase {n}' });
    await using client = openTritonClient({ url: standIn.url });
    expect(textIn(await client.infer(hear('')), 'TEXT')).toBe('frase 1');
    expect((await standIn.takeTimings()).map((timing) => timing.text)).toEqual(['frase 1']);
  });
});
