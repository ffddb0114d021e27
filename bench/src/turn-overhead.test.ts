import type { InferenceTiming } from '@centralita/control-plane/sandbox/inference-request.ts';
import { expect, it } from 'vitest';
import type { JournalledCall, TurnRow } from './journal-reader.ts';
import { modelTimingsOf, turnFiguresOf } from './turn-overhead.ts';

const timing = (role: InferenceTiming['role'], text: string, times: { first: number; last?: number }): InferenceTiming => ({
  role,
  id: '',
  text,
  receivedAt: 1_000,
  firstReplyAt: 1_000 + times.first,
  lastReplyAt: 1_000 + (times.last ?? times.first),
  endedAt: 1_000 + (times.last ?? times.first),
  outcome: 'answered',
});
/** Speech to text 80, reply 120 until its last piece, first sound 80. */
const models = modelTimingsOf([
  timing('speech_to_text', 'frase 1', { first: 80 }),
  timing('language_model', 'Respuesta 1. ', { first: 110, last: 120 }),
  timing('text_to_speech', 'Respuesta 1.', { first: 80, last: 300 }),
]);

function turn(differs: Partial<TurnRow>): TurnRow {
  const at = new Date();
  const stages = { endpointMs: null, speechToTextMs: null, replyMs: null, textToSpeechMs: null, firstFrameMs: null };
  const nothing = { heardMs: null, gapMs: null, ...stages };
  return {
    orgId: '',
    callId: '',
    seq: 0,
    role: 'caller',
    text: '',
    input: null,
    startedAt: at,
    endedAt: at,
    interrupted: false,
    ...nothing,
    ...differs,
  };
}

/** A call with one answered sentence whose three stages took 81, 122 and 84 ms: 7 ms more than the models. */
function answered(firstFrameMs: number | null): JournalledCall[] {
  const said = turn({ role: 'caller', text: 'frase 1', input: 'speech' });
  const reply = turn({ role: 'agent', text: 'Respuesta 1.', speechToTextMs: 81, replyMs: 122, textToSpeechMs: 84, firstFrameMs });
  return [{ call: {} as JournalledCall['call'], turns: [said, reply], notes: [] }];
}

it('counts everything between commit and first frame when the reply was ready before the commit', () => {
  expect(turnFiguresOf(answered(1.5), models)).toMatchObject([{ overheadMs: 1.5, wholeOverheadMs: 1.5, modelsMs: 280 }]);
});

it('takes off what a model was at work behind the commit, and keeps what was added before it apart', () => {
  expect(turnFiguresOf(answered(30), models)).toMatchObject([{ firstFrameMs: 30, overheadMs: 4, wholeOverheadMs: 7 }]);
});

it('counts every stage that falls behind the commit', () => {
  expect(turnFiguresOf(answered(150), models)).toMatchObject([{ overheadMs: 6 }]);
  expect(turnFiguresOf(answered(287), models)).toMatchObject([{ overheadMs: 7 }]);
});

it('leaves out turns without a first frame and turns of which a model has no record', () => {
  expect(turnFiguresOf(answered(null), models)).toEqual([]);
  expect(turnFiguresOf(answered(30), new Map())).toEqual([]);
});
