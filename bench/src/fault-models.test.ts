import type { InferenceRequest, StandInModel } from '@centralita/control-plane/sandbox/inference-request.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { openScriptBook } from './fault-models.ts';
import type { ScriptBook } from './fault-models.ts';

const model: StandInModel = {
  async *answer() {
    for (const text of ['one', 'two', 'three']) yield Promise.resolve({ text, outputs: [] });
  },
};
let book: ScriptBook;
beforeEach(() => {
  book = openScriptBook();
});

async function ask(signal = new AbortController().signal): Promise<string[]> {
  const request: InferenceRequest = { id: '1', inputs: [], signal };
  const texts: string[] = [];
  for await (const { text } of book.wrap('language_model', model).answer(request)) texts.push(text);
  return texts;
}

describe('a scripted model', () => {
  it('breaks off with the status that it is told, for as many requests, and is well again', async () => {
    book.set({ role: 'language_model', misbehaviour: { kind: 'break', afterParts: 2, code: 8, words: 'no memory' }, times: 1 });
    await expect(ask()).rejects.toMatchObject({ code: 8, message: 'no memory' });
    expect(await ask()).toEqual(['one', 'two', 'three']);
  });

  it('says texts in turn, the last one again and again, until it is to behave', async () => {
    book.set({ role: 'language_model', misbehaviour: { kind: 'say', texts: ['a', 'b'] }, times: 9 });
    expect([await ask(), await ask(), await ask()]).toEqual([['a'], ['b'], ['b']]);
    book.clear();
    expect(await ask()).toEqual(['one', 'two', 'three']);
  });

  it('stalls until the client gives up', async () => {
    book.set({ role: 'language_model', misbehaviour: { kind: 'stall', afterParts: 1 }, times: 1 });
    await expect(ask(AbortSignal.timeout(30))).rejects.toThrow(/abort/i);
  });
});
