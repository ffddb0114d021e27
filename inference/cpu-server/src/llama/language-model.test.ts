// The language model over llama-server, with a program in its place that speaks its HTTP.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { contractViolation, readContract } from '#server/contract.ts';
import { RequestRefused, type RoleModel } from '#server/role-model.ts';
import { promptTensors, wholeAnswer } from '#testing/language-model-requests.ts';
import { llamaServerStandIn } from '#testing/llama-server-on-this-machine.ts';
import { openLlamaModel, type LlamaModelOptions } from './language-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'gguf-'));
writeFileSync(join(folder, 'model.gguf'), 'a stand-in for weights');
afterAll(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;

async function open(options: Partial<LlamaModelOptions> = {}): Promise<RoleModel> {
  const model = await openLlamaModel({ program: llamaServerStandIn, folder, limits: { maxRunning: 2, maxWaiting: 4 }, ...options });
  onTestFinished(async () => await model[Symbol.asyncDispose]());
  return model;
}

const shared = await openLlamaModel({ program: llamaServerStandIn, folder, limits: { maxRunning: 2, maxWaiting: 4 } });
afterAll(async () => await shared[Symbol.asyncDispose]());
const ask = (prompt: string, sampling: Readonly<Record<string, unknown>> = {}) =>
  wholeAnswer(shared.run(promptTensors(prompt, sampling), never));
const refusal = async (work: Promise<unknown>): Promise<RequestRefused> => {
  const cause: unknown = await work.catch((error: unknown) => error);
  if (cause instanceof RequestRefused) return cause;
  throw new Error('expected a refusal', { cause });
};

test('text comes in pieces that keep the contract, with its counts and why it ended', async () => {
  const replies = [];
  for await (const outputs of shared.run(promptTensors('say:Buenos|días|.'), never)) {
    expect(contractViolation(readContract('language_model').outputs, outputs)).toBeNull();
    replies.push(outputs);
  }
  expect(await ask('say:Buenos|días|.')).toEqual({
    pieces: ['Buenos', 'días', '.', ''],
    finishReason: 'stop',
    inputTokens: 7,
    outputTokens: 4,
  });
  expect(replies).toHaveLength(4);
  expect((await ask('cut:a|b')).finishReason).toBe('length');
});

test('an answer in one piece begins with its prompt, and counts that nobody asked for are left out', async () => {
  const whole = await wholeAnswer(shared.run(promptTensors('say:a|b', {}, false), never));
  expect(whole).toMatchObject({ pieces: ['say:a|bab'], finishReason: 'stop', outputTokens: 3 });
  const bare = promptTensors('say:a').filter(({ name }) => !name.startsWith('return_'));
  for await (const outputs of shared.run(bare, never)) expect(outputs.map(({ name }) => name)).toEqual(['text_output']);
});

test("sampling parameters arrive in llama-server's words", async () => {
  const { pieces } = await ask('what was asked', {
    temperature: 0.2,
    max_tokens: 60,
    stop: ['</s>'],
    top_k: -1,
    skip_special_tokens: false,
    structured_outputs: JSON.stringify({ json: { type: 'object' } }),
  });
  expect(JSON.parse(pieces.join(''))).toEqual({
    prompt: 'what was asked',
    stream: true,
    temperature: 0.2,
    n_predict: 60,
    stop: ['</s>'],
    top_k: 0,
    preserved_tokens: expect.arrayContaining(['<tool_call>']) as string[],
    json_schema: { type: 'object' },
  });
});

test.each<[string, string, Readonly<Record<string, unknown>>, RegExp]>([
  ['a parameter out of its range', 'say:a', { temperature: -1 }, /tensor sampling_parameters: .*temperature/],
  ['a parameter that is not known', 'say:a', { temprature: 1 }, /tensor sampling_parameters: .*temprature/],
  ['a guide that is no schema', 'say:a', { structured_outputs: '{"regex":"a+"}' }, /this engine follows JSON schemas only/],
  ['a schema that does not parse', 'say:a', { structured_outputs: '{"json"' }, /structured_outputs is no JSON object/],
  ['a prompt beyond the context', 'too long', {}, /tensor text_input has 5001 tokens, .* below 2048 \(contextTokens\)/],
  ['what llama-server refuses', 'refuse:no such grammar', {}, /llama-server: no such grammar/],
])('%s is an invalid argument that says so', async (...[, prompt, sampling, message]) => {
  expect(await refusal(ask(prompt, sampling))).toMatchObject({
    refusal: 'invalid_argument',
    message: expect.stringMatching(message) as string,
  });
});

test('a failure inside the answer, and an answer that breaks off, are failures of the engine', async () => {
  await expect(ask('fail:out of memory')).rejects.toThrow('llama-server: out of memory');
  await expect(ask('break off')).rejects.toThrow('ended its answer before its last part');
});

test('cancelling a request closes its connection, which is how llama-server stops', async () => {
  const leaving = new AbortController();
  const replies = shared.run(promptTensors('hang'), leaving.signal)[Symbol.asyncIterator]();
  expect((await replies.next()).done).toBe(false);
  const next = replies.next();
  leaving.abort();
  await expect(next).rejects.toThrow(/abort/);
  await expect.poll(async () => (await ask('how many left')).pieces.join('')).toBe('1');
  for await (const outputs of shared.run(promptTensors('hang'), never)) {
    expect(outputs.length).toBeGreaterThan(0);
    break;
  }
  await expect.poll(async () => (await ask('how many left')).pieces.join('')).toBe('2');
});

test('it is told its slots and its context, leaves a processor free, and can be asked by nobody else', async () => {
  const model = await open({ threads: 64, contextTokens: 512 });
  const { pieces } = await wholeAnswer(model.run(promptTensors('which flags'), never));
  const flags = JSON.parse(pieces.join('')) as string[];
  const after = (name: string) => flags[flags.indexOf(name) + 1];
  expect([after('--parallel'), after('--ctx-size'), after('--poll')]).toEqual(['2', '1024', '0']);
  expect(Number(after('--threads'))).toBeLessThan(64);
  expect(after('--host')).toMatch(/\/llama\.sock$/);
  expect(flags).toEqual(expect.arrayContaining(['--offline', '--no-ui', '--no-slots']));
  expect(flags.join(' ')).not.toMatch(/api-key/);
});

test('a process that dies fails its requests, and is not ready until another has started', async () => {
  const model = await open();
  await expect(wholeAnswer(model.run(promptTensors('die'), never))).rejects.toThrow('socket hang up');
  await expect.poll(() => model.state()).toMatchObject({ kind: 'unavailable', reason: 'llama-server ended with 3: ' });
  expect(await refusal(wholeAnswer(model.run(promptTensors('say:a'), never)))).toMatchObject({ refusal: 'unavailable' });
});

test('weights that do not load, a folder without a model or with two, and a missing program are told as they are', async () => {
  const bad = mkdtempSync(join(tmpdir(), 'gguf-'));
  onTestFinished(() => rmSync(bad, { recursive: true }));
  await expect(open({ folder: bad })).rejects.toThrow(/has no \.gguf file/);
  writeFileSync(join(bad, 'model.gguf'), 'bad weights');
  await expect(open({ folder: bad })).rejects.toThrow(/llama-server ended with 1: .*invalid magic/);
  const missing = { ...llamaServerStandIn, argv: ['/no/such/llama-server'] as const };
  await expect(open({ program: missing })).rejects.toThrow(/install llama\.cpp-tools or set LLAMA_SERVER_COMMAND/);
  writeFileSync(join(bad, 'other-00002-of-00003.gguf'), '');
  writeFileSync(join(bad, 'other-00001-of-00003.gguf'), '');
  await expect(open({ folder: bad })).rejects.toThrow('several models, and one is served: model.gguf, other-00001-of-00003.gguf');
});
