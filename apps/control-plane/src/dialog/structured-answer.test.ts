import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { askForStructure, parseStructured } from './structured-answer.ts';

const schema = z.object({ name: z.string(), age: z.int().nullable() });
const question = { messages: [{ role: 'user', text: 'Who?' }], schema, maxOutputTokens: 100 } as const;
const signal = AbortSignal.timeout(10_000);

describe('an answer as data', () => {
  it.each([
    ['{"name":"Ana","age":3}'],
    ['Here it is:\n```json\n{"name":"Ana","age":3}\n```\nAnything else?'],
    ['<think>{"name": maybe}</think>{"name":"Ana","age":3}'],
  ])('is read out of %j', (text) => {
    expect(parseStructured(text, schema)).toEqual({ kind: 'valid', value: { name: 'Ana', age: 3 } });
  });

  it.each([
    ['I do not know', 'there is no JSON object in it'],
    ['{"name":"An', 'there is no JSON object in it'],
    ['{"name":"Ana",}', 'the JSON object does not parse: it is cut short or malformed'],
    ['{"name":"Ana","age":"three"}', 'age: '],
    ['} {', 'there is no JSON object in it'],
  ])('that is none, %j, is refused with what is wrong and without its words', (text, problem) => {
    expect(parseStructured(text, schema)).toMatchObject({ kind: 'invalid', problem: expect.stringContaining(problem) as string });
  });

  it('is asked for with its schema, at temperature 0', async () => {
    const model = openScriptedLanguageModel([{ deltas: ['{"name":', '"Ana","age":null}'] }]);
    expect(await askForStructure(model, question, { signal })).toEqual({ kind: 'valid', value: { name: 'Ana', age: null } });
    expect(model.requests).toMatchObject([{ temperature: 0, outputSchema: { type: 'object', required: ['name', 'age'] } }]);
  });

  it('is repaired once, by a model that is told what was wrong', async () => {
    const model = openScriptedLanguageModel([{ deltas: ['{"name":"Ana"}'] }, { deltas: ['{"name":"Ana","age":3}'] }]);
    expect(await askForStructure(model, question, { signal })).toEqual({ kind: 'valid', value: { name: 'Ana', age: 3 } });
    expect(model.requests[1]?.messages.slice(1)).toMatchObject([
      { role: 'assistant', text: '{"name":"Ana"}' },
      { role: 'user', text: expect.stringContaining('age') as string },
    ]);
  });

  it('is given up after the repair, and a model that fails is not taken for one that answers wrongly', async () => {
    const garbage = openScriptedLanguageModel([{ deltas: ['no'] }, { deltas: ['still no'] }]);
    expect(await askForStructure(garbage, question, { signal })).toEqual({ kind: 'invalid', problem: 'there is no JSON object in it' });
    expect(garbage.requests).toHaveLength(2);
    const broken = openScriptedLanguageModel([{ deltas: ['{'], fails: 'retryable' }]);
    await expect(askForStructure(broken, question, { signal })).rejects.toMatchObject({ name: 'InferenceError', isRetryable: true });
  });
});
