// The real llama-server with a model made by hand: its own words for what our stand-in says in the other test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestRefused, type RoleModel } from '#server/role-model.ts';
import { promptTensors, wholeAnswer } from '#testing/language-model-requests.ts';
import { realLlamaServer } from '#testing/llama-server-on-this-machine.ts';
import { ALPHABET, writeTinyLanguageModel } from '#testing/tiny-language-model.ts';
import { openLlamaModel } from './language-model.ts';

if (realLlamaServer === null) {
  process.stdout.write('llama-server.test: skipped, no llama-server: install llama.cpp-tools or set LLAMA_SERVER_COMMAND\n');
}

describe.runIf(realLlamaServer !== null)('llama-server itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gguf-'));
  const never = new AbortController().signal;
  let model: RoleModel;
  beforeAll(async () => {
    if (realLlamaServer === null) return;
    writeTinyLanguageModel(join(folder, 'alphabet.gguf'), { ...ALPHABET, '.': '.' });
    model = await openLlamaModel({ program: realLlamaServer, folder, limits: { maxRunning: 1, maxWaiting: 0 }, contextTokens: 2_048 });
  });
  afterAll(async () => {
    await model[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const ask = (prompt: string, sampling: Readonly<Record<string, unknown>> = {}) =>
    wholeAnswer(model.run(promptTensors(prompt, sampling), never));

  test('says the letters that follow, one by one, until its end', async () => {
    const answer = await ask('xyz', { temperature: 0.7 });
    expect(answer.pieces.join('')).toBe('');
    expect(await ask('uv', { temperature: 0.7 })).toEqual({
      pieces: ['w', 'x', 'y', 'z', ''],
      finishReason: 'stop',
      inputTokens: 3,
      outputTokens: 5,
    });
  });

  test('stops at a stop text, which it does not say, and at the limit', async () => {
    expect(await ask('abc', { stop: ['gh'] })).toMatchObject({ finishReason: 'stop' });
    expect((await ask('abc', { stop: ['gh'] })).pieces.join('')).toBe('def');
    const cut = await ask('abc', { max_tokens: 3 });
    expect([cut.pieces.join(''), cut.finishReason, cut.outputTokens]).toEqual(['def', 'length', 3]);
  });

  test('follows a JSON schema', async () => {
    const schema = { type: 'object', properties: { answer: { enum: ['yes', 'no'] } }, required: ['answer'], additionalProperties: false };
    const { pieces } = await ask('a', { structured_outputs: JSON.stringify({ json: schema }), max_tokens: 64 });
    expect(JSON.parse(pieces.join(''))).toEqual({ answer: expect.stringMatching(/^(yes|no)$/) as string });
  });

  test('refuses a prompt beyond its context by the tensor and the limit, and a schema that is none', async () => {
    const long = await ask('a'.repeat(3_000)).catch((cause: unknown) => cause);
    expect(long).toBeInstanceOf(RequestRefused);
    expect(String(long)).toMatch(/tensor text_input has 3001 tokens, .* below 2048 \(contextTokens\)/);
    const schema = JSON.stringify({ json: { type: 'nothing' } });
    await expect(ask('a', { structured_outputs: schema })).rejects.toThrow(/unrecognized type nothing/);
  });

  test('a cancelled request leaves its only slot to the next one', async () => {
    // Dots follow dots without an end: only leaving ends this answer.
    for await (const outputs of model.run(promptTensors('...', { max_tokens: 1_900 }), never)) {
      expect(outputs.length).toBe(4);
      break;
    }
    const startedAt = performance.now();
    expect((await ask('y')).pieces.join('')).toBe('z');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
