/** What a caller on hold is told between the music: the words alone, because music is none of the texts that an ear knows. */
import { positionWords } from '@centralita/control-plane/engine/position-words.ts';
import type { AgentProfile } from '@centralita/control-plane/ports/agent-profile.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import type { Ear } from './heard.ts';
import { pausesOf } from './heard.ts';

/** The silence in front of the words and behind them is 300 ms; music has none, and between two sentences there may be as much. */
const EDGE_MS = 200;
/** The words are 6 s: what is longer between two pauses is music. */
const LONGEST_MS = 12_000;
const SAMPLES_PER_MS = 8;

/** Everything that a caller can be told of the first `places` places, sentence by sentence and whole. */
export function placeTexts(agent: Pick<AgentProfile, 'language' | 'voice' | 'speed'>, places: number): readonly string[] {
  const texts = Array.from({ length: places }, (_, index) =>
    [true, false].map((isFirst) => positionWords(index + 1, { agent, isFirst }).text),
  ).flat();
  return [...new Set([...texts, ...texts.flatMap((text) => text.split(/(?<=\.) /))])];
}

/** What was said so far, in order, in one text. */
export async function toldOnHold(
  call: Pick<SipCall, 'received'>,
  { ear, language, texts }: { readonly ear: Ear; readonly language: string; readonly texts: readonly string[] },
): Promise<string> {
  const { pcm } = call.received();
  const pauses = pausesOf(pcm, EDGE_MS);
  const said: string[] = [];
  for (const [index, from] of pauses.entries()) {
    const to = pauses[index + 1];
    if (to === undefined || to - from > LONGEST_MS * SAMPLES_PER_MS) continue;
    said.push(await ear.recognise(pcm.subarray(from, to), { language, among: texts }));
  }
  return said.filter((text) => text !== '').join(' ');
}
