import { describe, expect, it } from 'vitest';
import type { ModelMessage } from '#ports/language-model.ts';
import type { HistoryTurn } from './dialog.ts';
import { fitMessages, overflowOf, promptOf } from './model-prompt.ts';
import type { PromptParts } from './model-prompt.ts';
import { modelTexts } from './model-texts.ts';

const texts = modelTexts('en');
const parts: PromptParts = {
  responder: { kind: 'language_model', prompt: 'You are a clinic.', maxOutputTokens: 100, temperature: 0 },
  languageModel: { contextTokens: 1_100, countTokens: (text) => text.length },
  tools: [],
  texts,
  task: '',
};
const history: HistoryTurn[] = Array.from({ length: 20 }, (_, index) => ({
  role: index % 2 === 0 ? 'caller' : 'agent',
  text: `${index}`.padEnd(94, '.'),
}));
const state = { node: 'menu', slots: {}, misses: 0, history };
const sizeOf = (messages: readonly ModelMessage[]): number => messages.reduce((sum, { text }) => sum + text.length + 6, 0);

describe('model prompt', () => {
  it('holds task, facts and summary, what changes least first, and the latest turns that fit', () => {
    const messages = promptOf({ ...parts, task: 'Book.' }, { ...state, facts: { appointment: 'appt_1' }, summary: 'Ana calls.' });
    const system = messages[0]?.text ?? '';
    const places = ['You are a clinic.', 'Book.', 'appt_1', 'Ana calls.'].map((text) => system.indexOf(text));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
    expect(messages.at(-1)?.text).toContain('19');
    expect(sizeOf(messages)).toBeLessThanOrEqual(1_000);
  });

  it('names the turns that no longer fit, oldest first', () => {
    const overflow = overflowOf(parts, state, 1);
    expect(overflow.length).toBeGreaterThan(5);
    expect(overflow).toEqual(history.slice(0, overflow.length));
    expect(overflowOf({ ...parts, languageModel: { contextTokens: 100_000 } }, state, 0.7)).toEqual([]);
  });

  it('makes room for what tools return: old turns go, then the ends of outcomes, never the caller’s question', () => {
    const asked = promptOf(parts, state);
    const called: ModelMessage[] = [
      ...asked,
      { role: 'user', text: 'and Monday?' },
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'find', argumentsJson: '{}' }] },
      { role: 'tool', callId: 'a', name: 'find', text: 'x'.repeat(5_000) },
    ];
    const fitting = fitMessages(parts, called);
    expect(sizeOf(fitting)).toBeLessThanOrEqual(1_000);
    expect(fitting.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
    expect(fitting[1]?.text).toBe('and Monday?');
    expect(fitMessages(parts, asked)).toEqual(asked);
  });
});
