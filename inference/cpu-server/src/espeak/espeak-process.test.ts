import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogForTests, espeakForTests, spokenForTests } from '#testing/espeak-on-this-machine.ts';
import { speak, type EspeakRequest } from './espeak-process.ts';

await catalogForTests();
const never = new AbortController().signal;
const request: EspeakRequest = { text: 'Buenos días, ¿en qué puedo ayudarle?', voice: 'es-419', wordsPerMinute: 160 };

test('a sentence becomes PCM at the rate of its header, without the header itself', async () => {
  const { samples, sampleRateHz } = await spokenForTests(request);
  expect(sampleRateHz).toBe(22_050);
  const seconds = samples.length / sampleRateHz;
  expect(seconds).toBeGreaterThan(1.5);
  expect(seconds).toBeLessThan(5);
  // "RIFF" read as samples would be 18770, 17990: a click before every sentence.
  expect(Math.max(...samples.subarray(0, 200).map(Math.abs))).toBeLessThan(3_000);
  expect(Math.max(...samples.map(Math.abs))).toBeGreaterThan(8_000);
});

test('speed and voice change the sound', async () => {
  const normal = await spokenForTests(request);
  const fast = await spokenForTests({ ...request, wordsPerMinute: 260 });
  const other = await spokenForTests({ ...request, voice: 'es-419+f3' });
  expect(fast.samples.length).toBeLessThan(normal.samples.length * 0.8);
  expect(Buffer.compare(Buffer.from(other.samples.buffer), Buffer.from(normal.samples.buffer))).not.toBe(0);
});

test('text that looks like an option, a command or phonemes is only read aloud', async () => {
  for (const text of ['--help', '[[h@l\u02c8oU]] \u0001+50S', '$(reboot)'])
    expect((await spokenForTests({ ...request, text })).samples.length).toBeGreaterThan(4_000);
});

test('aborting kills the process and ends the loop with the reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espeak-'));
  // The shell becomes espeak-ng, so the number that it wrote is the process that must end.
  const argv = ['sh', '-c', `echo $$ > ${folder}/pid; exec "$@"`, 'sh', ...espeakForTests.argv] as const;
  const controller = new AbortController();
  const long = { ...request, text: 'Una frase larga. '.repeat(500) };
  const reading = (async () => {
    for await (const chunk of speak({ ...espeakForTests, argv }, long, controller.signal))
      if (chunk.samples.length > 0) controller.abort(new Error('barge-in'));
  })();
  await expect(reading).rejects.toThrow('barge-in');
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  await expect.poll(() => isAlive(pid)).toBe(false);
  await rm(folder, { recursive: true });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a missing program says what to install, a failing one repeats its complaint', async () => {
  const missing = { argv: ['no-such-espeak'] as const, env: {} };
  await expect(speak(missing, request, never).next()).rejects.toThrow(
    'no-such-espeak is not on this machine: install espeak-ng or set ESPEAK_COMMAND',
  );
  await expect(speak(espeakForTests, { ...request, voice: 'zz-nothing' }, never).next()).rejects.toThrow(/voice does not exist/);
});
