import { describe, expect, it } from 'vitest';
import type { ChatInput, ChatReply } from './chat-client.ts';
import type { ScenarioStep } from './scenario-file.ts';
import { playScenario, problemsOf } from './scenario-run.ts';

const reply: ChatReply = {
  conversationId: 'chat_1',
  turn: 1,
  reply: 'El  Miércoles. ¿A qué hora?',
  node: 'booking_hour',
  slots: { day: 'miércoles' },
  nextStep: { kind: 'listen' },
  notes: [{ name: 'tool_called', fields: { tool: 'check_availability', verdict: 'done', ms: 3 } }],
};
const judged = (expected: NonNullable<ScenarioStep['expect']>, withinMs = 100) =>
  problemsOf({ caller: 'a', expect: expected, within_ms: withinMs }, reply, 50);

describe('a step', () => {
  it('is as expected whatever the accents, capitals and spaces', () => {
    const slot = { day: 'MIERCOLES', hour: null };
    const expected = { node: 'booking_hour', slot, tool: 'check_availability', says: ['el miercoles', 'A QUE HORA'], not_says: ['martes'] };
    expect(judged({ ...expected, next: 'listen' })).toEqual([]);
  });

  it('names everything that is not as expected', () => {
    const expected = { node: 'menu', slot: { day: 'lunes', hour: 'diez' }, tool: 'book', says: ['lunes'], not_says: ['miércoles'] };
    expect(judged({ ...expected, next: 'end_call' }, 10)).toEqual([
      'expected node menu, it is booking_hour',
      'expected slot day "lunes", it is "miércoles"',
      'expected slot hour "diez", it is empty',
      'expected tool book, called were check_availability',
      'expected to hear "lunes", heard "El  Miércoles. ¿A qué hora?"',
      'expected not to hear "miércoles", heard "El  Miércoles. ¿A qué hora?"',
      'expected next end_call, it is listen',
      'expected a reply within 10 ms, it took 50 ms',
    ]);
    expect(judged({ slot: { day: null } })).toEqual(['expected slot day empty, it is "miércoles"']);
  });
});

describe('a scenario', () => {
  it('says to the agent what its steps say, and stops at the first one that goes wrong', async () => {
    const said: ChatInput[] = [];
    const send = async (input: ChatInput) => {
      said.push(input);
      return reply;
    };
    const steps: ScenarioStep[] = [
      { opens: true },
      { keys: '1' },
      { silence: 2 },
      { transfer_failed: true },
      { caller: 'hola', expect: { node: 'menu' } },
      { caller: 'never said' },
    ];
    let now = 0;
    const result = await playScenario({ name: 'one', language: 'es', steps }, { send, nowMs: () => (now += 5) });
    expect(said).toEqual([{}, { keys: '1' }, { silences: 2 }, { transferFailed: true }, { message: 'hola' }]);
    expect(result).toMatchObject({
      ok: false,
      steps: 5,
      failedStep: 5,
      slowestMs: 5,
      problems: ['expected node menu, it is booking_hour'],
    });
  });
});
