import { expect, test } from 'vitest';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { openScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import { silentLog } from '#shared/log.ts';
import { expectedPhrases, prepareHearing } from './expectation.ts';

const agent = { agentId: 'agent_1', ...clinicEs({ organizationName: 'Demo', destination: '2001' }) };
const { signal } = new AbortController();

test('the phrases of every node are expected once, those of global transitions too', () => {
  const phrases = expectedPhrases(agent);
  expect(phrases).toEqual(expect.arrayContaining(['una cita', 'el martes', 'recepción']));
  expect(new Set(phrases).size).toBe(phrases.length);
});

test('an engine that makes phrases ready is told them with the language', async () => {
  const told: unknown[] = [];
  const speechToText = { ...openScriptedSpeechToText(), prepare: async (expectation: unknown) => void told.push(expectation) };
  await prepareHearing({ speechToText, agent, log: silentLog, signal });
  expect(told).toEqual([{ language: 'es', hints: expectedPhrases(agent) }]);
});

test('an engine that needs nothing, or fails to, does not disturb the call', async () => {
  await prepareHearing({ speechToText: openScriptedSpeechToText(), agent, log: silentLog, signal });
  const speechToText = { ...openScriptedSpeechToText(), prepare: () => Promise.reject(new Error('away')) };
  await expect(prepareHearing({ speechToText, agent, log: silentLog, signal })).resolves.toBeUndefined();
});
