import { findTensor, openTritonClient, textsOf, textTensor } from 'triton-client-grpc-generated';
import type { Tensor } from 'triton-client-grpc-generated';
import { describe, expect, it } from 'vitest';
import { concatPcm, silentFrames } from '#audio/frame.ts';
import { openSandboxInference } from './inference-stand-in.ts';
import { decodeText, encodeText } from './text-modem.ts';

const speed: Tensor = { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(1) };

describe('the sandbox inference server', () => {
  it('speaks text that the modem reads back', async () => {
    await using server = await openSandboxInference();
    await using client = openTritonClient({ url: server.url });
    const inputs = [textTensor('TEXT', ['¿En qué le ayudo?']), textTensor('LANGUAGE', ['es']), textTensor('VOICE', ['']), speed];
    const chunks: Int16Array[] = [];
    for await (const reply of client.streamInfer({ model: 'text_to_speech', inputs })) {
      const audio = findTensor(reply.outputs, 'AUDIO');
      if (audio?.datatype === 'INT16') chunks.push(audio.values);
    }
    expect(decodeText(concatPcm(chunks))).toBe('¿En qué le ayudo? ');
  });

  it.each([
    [encodeText('mañana a las diez'), 'mañana a las diez', 1],
    [silentFrames(100), '', 0],
  ])('understands what the modem said and nothing else', async (sound, text, confidence) => {
    await using server = await openSandboxInference();
    await using client = openTritonClient({ url: server.url });
    const values = concatPcm([silentFrames(12), sound, silentFrames(20)]);
    const audio: Tensor = { name: 'AUDIO', datatype: 'INT16', shape: [1, values.length], values };
    const inputs = [audio, textTensor('LANGUAGE', ['es']), textTensor('HINTS', [])];
    const { outputs } = await client.infer({ model: 'speech_to_text', inputs });
    expect(textsOf(findTensor(outputs, 'TEXT') as Extract<Tensor, { datatype: 'BYTES' }>)).toEqual([text]);
    expect([...findTensor(outputs, 'CONFIDENCE')!.values]).toEqual([confidence]);
  });

  it('has no language model, and says so', async () => {
    await using server = await openSandboxInference();
    await using client = openTritonClient({ url: server.url });
    expect(await client.modelReady('language_model')).toBe(false);
    const replies = client.streamInfer({ model: 'language_model', inputs: [textTensor('text_input', ['hola'], [1])] });
    await expect(replies.next()).rejects.toThrow(/no model language_model/);
  });
});
