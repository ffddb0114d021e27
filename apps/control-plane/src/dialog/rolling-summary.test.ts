import { expect, it } from 'vitest';
import type { LanguageModel, ModelRequest } from '#ports/language-model.ts';
import type { ConversationState, HistoryTurn } from './dialog.ts';
import { modelTexts } from './model-texts.ts';
import { openRollingSummary, withSummary } from './rolling-summary.ts';
import type { MadeSummary, SummaryKeeper } from './rolling-summary.ts';

const talk = (count: number): HistoryTurn[] =>
  Array.from({ length: count }, (_, index) => ({ role: index % 2 === 0 ? 'caller' : 'agent', text: `turn ${index}` }));
const stateOf = (history: readonly HistoryTurn[]): ConversationState => ({ node: 'menu', slots: {}, misses: 0, history });
const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));

function open(answer: () => Promise<string>, keeper?: SummaryKeeper) {
  const asked: ModelRequest[] = [];
  const languageModel: LanguageModel = {
    async *stream(request) {
      asked.push(request);
      yield { kind: 'text_delta', textDelta: await answer() };
      yield { kind: 'finish', reason: 'stop', inputTokens: 1, outputTokens: 1 };
    },
  };
  const { signal } = new AbortController();
  const kept = keeper === undefined ? {} : { keeper };
  return { asked, summary: openRollingSummary({ languageModel, texts: modelTexts('en'), signal, ...kept }) };
}

it('is made in the background and stands in for the turns that it covers, once it is there', async () => {
  const { asked, summary } = open(async () => 'Ana wants a massage on Monday.');
  const state = stateOf(talk(10));
  summary.begin(state, state.history.slice(0, 6));
  expect(summary.applied(state)).toBe(state);
  await nextTask();
  const later = { ...state, history: [...state.history, { role: 'agent', text: 'turn 10' } as const] };
  expect(summary.applied(later)).toEqual({ ...later, summary: 'Ana wants a massage on Monday.', history: later.history.slice(6) });
  expect(asked[0]?.messages[1]?.text).toBe('C: turn 0\nA: turn 1\nC: turn 2\nA: turn 3\nC: turn 4\nA: turn 5');
});

it('goes on from the summary before it, one at a time', async () => {
  const { asked, summary } = open(async () => 'more');
  const state = { ...stateOf(talk(8)), summary: 'before' };
  summary.begin(state, state.history.slice(0, 4));
  summary.begin(state, state.history.slice(0, 6));
  await nextTask();
  expect(asked).toHaveLength(1);
  expect(asked[0]?.messages[1]?.text).toContain('before');
});

it('is not applied to a conversation that went another way, nor asked for a few turns, and its failure costs nothing', async () => {
  const { asked, summary } = open(async () => 'something');
  const state = stateOf(talk(10));
  summary.begin(state, state.history.slice(0, 2));
  expect(asked).toHaveLength(0);
  summary.begin(state, state.history.slice(0, 6));
  await nextTask();
  const other = stateOf(talk(10).map((turn) => ({ ...turn, text: `another ${turn.text}` })));
  expect(summary.applied(other)).toBe(other);
  const failing = open(async () => Promise.reject(new Error('down')));
  failing.summary.begin(state, state.history.slice(0, 6));
  await nextTask();
  expect(failing.summary.applied(state)).toBe(state);
  failing.summary.begin(state, state.history.slice(0, 6));
  expect(failing.asked).toHaveLength(2);
});

it('is handed to whoever keeps it, who may refuse to have one made, and goes into the stored conversation once', async () => {
  const ended: (MadeSummary | null)[] = [];
  let isFree = false;
  const keeper: SummaryKeeper = { begin: () => isFree, end: (made) => void ended.push(made) };
  const { asked, summary } = open(async () => 'in short', keeper);
  const state = stateOf(talk(10));
  summary.begin(state, state.history.slice(0, 6));
  expect(asked).toHaveLength(0);
  isFree = true;
  summary.begin(state, state.history.slice(0, 6));
  await nextTask();
  const [made] = ended;
  const stored = JSON.parse(
    JSON.stringify({ ...state, history: [...state.history, { role: 'caller', text: 'later' }] }),
  ) as ConversationState;
  const shortened = withSummary(stored, made!);
  expect(shortened).toEqual({ ...stored, summary: 'in short', history: stored.history.slice(6) });
  expect(withSummary(shortened, made!)).toBe(shortened);
  expect(withSummary({ ...stored, summary: 'another one' }, made!)).toMatchObject({ summary: 'another one' });
  const failing = open(async () => Promise.reject(new Error('down')), keeper);
  failing.summary.begin(state, state.history.slice(0, 6));
  await nextTask();
  expect(ended).toEqual([made, null]);
});
