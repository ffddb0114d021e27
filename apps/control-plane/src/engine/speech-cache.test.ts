// A cache of sound must never change what is heard.
import { expect, it } from 'vitest';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { withSpeechCache } from './speech-cache.ts';
import type { SpeechCacheLimits } from './speech-cache.ts';

const greeting: Speech = { text: 'Hola', language: 'es', voice: 'ana', speed: 1 };
const limits: SpeechCacheLimits = { maxBytes: 4_000, maxEntryBytes: 2_000, maxSeen: 100 };

/** Gives 600 samples in two chunks, a different sound at each request. */
function countingEngine(): TextToSpeech & { requests: Speech[] } {
  const requests: Speech[] = [];
  return {
    requests,
    async *synthesize(speech, { signal }) {
      requests.push(speech);
      for (const part of [1, 2]) {
        if (signal.aborted) return;
        yield new Int16Array(300).fill(requests.length * 10 + part);
      }
    },
  };
}

async function hear(engine: TextToSpeech, speech: Speech, signal = new AbortController().signal): Promise<number[]> {
  const heard: number[] = [];
  for await (const chunk of engine.synthesize(speech, { signal })) heard.push(...chunk);
  return heard;
}

it('gives the sound of a text that was made whole twice without asking the engine a third time', async () => {
  const engine = countingEngine();
  const cached = withSpeechCache(engine, limits);
  await hear(cached, greeting);
  const second = await hear(cached, greeting);
  expect(await hear(cached, greeting)).toEqual(second);
  expect(second).toHaveLength(600);
  expect(engine.requests).toHaveLength(2);
});

it('keeps apart what differs in text, language, voice or speed', async () => {
  const engine = countingEngine();
  const cached = withSpeechCache(engine, limits);
  for (let round = 0; round < 2; round++) await hear(cached, greeting);
  const others: Speech[] = [
    { ...greeting, text: 'Adiós' },
    { ...greeting, language: 'en' },
    { ...greeting, voice: 'tom' },
    { ...greeting, speed: 1.2 },
  ];
  for (const other of others) await hear(cached, other);
  expect(engine.requests.slice(2)).toEqual(others);
});

it('keeps nothing of a synthesis that was cut short, by its reader or by the signal', async () => {
  const engine = countingEngine();
  const cached = withSpeechCache(engine, limits);
  await hear(cached, greeting);
  for await (const _chunk of cached.synthesize(greeting, { signal: new AbortController().signal })) break;
  const aborter = new AbortController();
  for await (const _chunk of cached.synthesize(greeting, { signal: aborter.signal })) aborter.abort();
  expect(await hear(cached, greeting)).toHaveLength(600);
  expect(engine.requests).toHaveLength(4);
});

it('keeps nothing of a synthesis that failed', async () => {
  let isBroken = true;
  const engine: TextToSpeech = {
    async *synthesize() {
      yield new Int16Array(320);
      if (isBroken) throw new Error('the engine broke');
    },
  };
  const cached = withSpeechCache(engine, limits);
  await expect(hear(cached, greeting)).rejects.toThrow('the engine broke');
  await expect(hear(cached, greeting)).rejects.toThrow('the engine broke');
  isBroken = false;
  expect(await hear(cached, greeting)).toHaveLength(320);
});

it('stays within its bytes: the least recently used sound goes, a sound too long is never kept', async () => {
  const engine = countingEngine();
  const cached = withSpeechCache(engine, limits);
  const texts = ['uno', 'dos', 'tres', 'cuatro'];
  // Each sound has 1,200 bytes: three fit into 4,000.
  for (const text of texts) for (let round = 0; round < 2; round++) await hear(cached, { ...greeting, text });
  await hear(cached, { ...greeting, text: 'cuatro' });
  expect(engine.requests).toHaveLength(8);
  await hear(cached, { ...greeting, text: 'uno' });
  expect(engine.requests).toHaveLength(9);

  const small = withSpeechCache(engine, { ...limits, maxEntryBytes: 1_000 });
  for (let round = 0; round < 3; round++) await hear(small, greeting);
  expect(engine.requests).toHaveLength(12);
});

it('does not keep the silence of an engine that gave nothing', async () => {
  const engine = countingEngine();
  let isMute = true;
  const cached = withSpeechCache(
    { synthesize: (speech, options) => engine.synthesize(speech, isMute ? { signal: AbortSignal.abort() } : options) },
    limits,
  );
  for (let round = 0; round < 3; round++) expect(await hear(cached, greeting)).toEqual([]);
  isMute = false;
  expect(await hear(cached, greeting)).toHaveLength(600);
});
