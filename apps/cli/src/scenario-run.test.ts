import { describe, expect, it } from 'vitest';
import type { ChatInput, ChatReply } from './chat-client.ts';
import type { ScenarioStep } from './scenario-file.ts';
import { playScenario, problemsOf } from './scenario-run.ts';
import type { Answer } from './scenario-run.ts';

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
    const send = async (input: ChatInput): Promise<Answer> => {
      said.push(input);
      return { kind: 'replied', reply, replyMs: 5 };
    };
    const steps: ScenarioStep[] = [
      { opens: true },
      { keys: '1' },
      { silence: 2 },
      { transfer_failed: true },
      { caller: 'hola', expect: { node: 'menu' } },
      { caller: 'never said' },
    ];
    const result = await playScenario({ name: 'one', language: 'es', steps }, send);
    expect(said).toEqual([{}, { keys: '1' }, { silences: 2 }, { transferFailed: true }, { message: 'hola' }]);
    expect(result).toMatchObject({
      ok: false,
      steps: 5,
      failedStep: 5,
      slowestMs: 5,
      problems: ['expected node menu, it is booking_hour'],
    });
  });

  it('says what a call took the words for, where it goes wrong', async () => {
    const send = async (): Promise<Answer> => ({ kind: 'replied', reply, replyMs: 5, understood: 'sábado' });
    const steps: ScenarioStep[] = [{ caller: 'el martes', expect: { node: 'menu' } }];
    expect((await playScenario({ name: 'one', language: 'es', steps }, send)).problems).toEqual([
      'expected node menu, it is booking_hour',
      'the caller said "el martes", the agent understood "sábado"',
    ]);
  });

  it('goes wrong where no reply comes, though nothing was expected of it', async () => {
    const send = async (): Promise<Answer> => ({ kind: 'no_reply', why: 'the call is over' });
    const steps: ScenarioStep[] = [{ caller: 'hola' }, { caller: 'never said', expect: { node: 'menu' } }];
    expect(await playScenario({ name: 'one', language: 'es', steps }, send)).toMatchObject({
      failedStep: 1,
      problems: ['the call is over'],
    });
  });
});
