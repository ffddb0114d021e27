import { describe, expect, it } from 'vitest';
import type { ConversationState, TurnResult } from './dialog.ts';
import { REPORT_TEXT_CHARACTERS, reportOf } from './turn-report.ts';

const from: ConversationState = { node: 'menu', slots: {}, misses: 0, history: [] };
const result: TurnResult = {
  state: { ...from, node: 'booking_day', slots: { day: 'lunes' } },
  nextStep: { kind: 'listen' },
  notes: [{ name: 'node_entered', fields: { node: 'booking_day' } }],
};

describe('the report of a turn', () => {
  it('says where it came from, where it led and what was known then', () => {
    expect(reportOf({ from, result, stagesMs: { replyMs: 2 } })).toEqual({
      fromNode: 'menu',
      node: 'booking_day',
      notes: result.notes,
      nextStep: { kind: 'listen' },
      slots: { day: 'lunes' },
      stagesMs: { replyMs: 2 },
      model: null,
    });
  });

  it('keeps the beginning of a text that is too long, and says how long it was', () => {
    const text = 'a'.repeat(REPORT_TEXT_CHARACTERS + 5);
    const request = { tools: [], text: 'sí', inputTokens: 9, outputTokens: 1, firstPartMs: 1, ms: 2, failure: null };
    const tool = { name: 'search', argumentsJson: '{}', verdict: 'done' as const, text: 'found', ms: 1 };
    const trace = {
      answeredBy: 'model' as const,
      requests: [{ ...request, messages: [{ role: 'user' as const, text }] }],
      tools: [tool],
      ms: 2,
    };
    const { model } = reportOf({ from, result: { ...result, trace }, stagesMs: {} });
    const kept = model?.requests[0]?.messages[0]?.text ?? '';
    expect(kept).toBe(`${'a'.repeat(REPORT_TEXT_CHARACTERS)}… (${text.length} characters)`);
    expect(model?.tools).toEqual([tool]);
  });
});
