/**
 * The installation's own test call: dials the demo's Spanish agent as a telephone would, listens to the greeting, asks for
 * the opening hours, listens, hangs up, and prints what it heard as one line of JSON. Fails when anything else was heard.
 *
 *   TEST_CALL_SERVER=host:port TEST_CALL_USER=… TEST_CALL_PASSWORD=… (or TEST_CALL_PASSWORD_FILE=PATH) SPEECH_TO_TEXT_URL=host:port test-call-cli.ts <number>
 */
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';
import { z } from 'zod';
import { textAt, textsOf } from './flow-texts.ts';
import { openEar } from './heard.ts';
import type { Ear } from './heard.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { readTestCaller, testCallerSchema } from './test-caller.ts';

/** The whole call: 30 s of speech and what a busy machine adds. */
const CALL_MS = 90_000;
/** Silence after which the agent has finished: longer than the pauses between its sentences. */
const FINISHED_MS = 900;
const SAMPLES_PER_MS = 8;

/** What the caller says, and the node of the demo's flow that must answer. */
const SCRIPT = [
  { says: null, hears: 'greeting' },
  { says: 'horario de atención', hears: 'hours' },
] as const;

const environmentSchema = z.object({ ...testCallerSchema.shape, SPEECH_TO_TEXT_URL: z.string().min(1) });

const agent = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });

/** Listens to one reply and says which sentence of the agent it was. */
async function hear(
  call: SipCall,
  options: { ear: Ear; sinceAt: number; signal: AbortSignal },
): Promise<{ text: string; endedAt: number }> {
  const { ear, sinceAt, signal } = options;
  const startedAt = await call.waitForAudio({ sinceAt, signal });
  const endedAt = await call.waitForSilence(FINISHED_MS, { sinceAt: startedAt, signal });
  const { pcm, startedAt: origin } = call.received();
  const at = (instant: number): number => Math.max(0, Math.round((instant - (origin ?? 0)) * SAMPLES_PER_MS));
  const text = await ear.recognise(pcm.slice(at(startedAt - 40), at(endedAt + 60)), { language: agent.language, among: textsOf(agent) });
  return { text, endedAt };
}

async function converse(call: SipCall, ear: Ear, signal: AbortSignal): Promise<readonly string[]> {
  const heard: string[] = [];
  let sinceAt = 0;
  for (const { says, hears } of SCRIPT) {
    if (says !== null) await call.say(await synthesize({ text: says, voice: 'es', wordsPerMinute: 150 }));
    const { text, endedAt } = await hear(call, { ear, sinceAt, signal });
    const expected = textAt(agent, hears);
    if (text !== expected) {
      const asked = says === null ? 'On answering' : `To "${says}"`;
      throw new Error(`${asked} the agent should say "${expected}"; heard ${text === '' ? 'nothing that it can say' : `"${text}"`}`);
    }
    heard.push(text);
    sinceAt = endedAt + 20;
  }
  return heard;
}

async function main(): Promise<void> {
  const number = process.argv[2];
  if (number === undefined) throw new Error('say the number to dial');
  const environment = environmentSchema.parse(process.env);
  const signal = AbortSignal.timeout(CALL_MS);
  await using ear = openEar(environment.SPEECH_TO_TEXT_URL);
  await using telephone = await openSipCaller(await readTestCaller(environment));
  await using call = await telephone.call(number, { signal });
  const outcome = await call.outcome;
  if (outcome.kind !== 'answered') throw new Error(`${number} was not answered: ${JSON.stringify(outcome)}`);
  const heard = await converse(call, ear, signal);
  await call.hangUp();
  console.log(JSON.stringify({ heard }));
}

await main();
