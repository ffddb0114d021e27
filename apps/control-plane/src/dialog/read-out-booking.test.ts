import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Flow, Responder } from '#ports/agent-profile.ts';
import { contractOffer } from '#ports/testing/appointment-book.contract.ts';
import { createMemoryAppointmentBook } from '#ports/testing/memory-appointment-book.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import type { ScriptedPart } from '#ports/testing/scripted-language-model.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDialog } from './agent-turn.ts';
import type { ConversationState } from './dialog.ts';
import { createBookingTools } from './tools/booking-tools.ts';

const example = new URL('../../../../docs/examples/flows/clinic.es.json', import.meta.url);
const { flow } = JSON.parse(readFileSync(example, 'utf8')) as { flow: Flow };
const responder: Responder = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 99, temperature: 0 };
const { calendar } = contractOffer;

const book: ScriptedPart = { call: 'book', args: { service: 'facial', date: '2026-03-03', time: '10:00', name: 'Eva Ruiz' } };
const confirm: ScriptedPart = { call: 'confirm', args: {} };

/** A conversation in the midst of a booking, with a model that answers by script. */
function open(answers: readonly (readonly ScriptedPart[])[]) {
  const scope = mintOrgScope(newId('organization'));
  const languageModel = openScriptedLanguageModel(
    answers.map((deltas) => ({ deltas })),
    { deltas: ['Dígame.'] },
  );
  const asked = languageModel.requests;
  const appointments = createMemoryAppointmentBook({
    organizationId: scope.organizationId,
    calendar,
    services: [{ serviceId: 'svc_1', name: 'Limpieza facial', synonyms: ['facial'], minutes: 60, priceText: null }],
    staff: [{ staffId: 'staff_1', name: 'Ana', serviceIds: ['svc_1'] }],
    now: () => new Date('2026-03-02T07:00:00Z'),
  });
  const { signal } = new AbortController();
  const conversationId = 'call_1';
  const context = { scope, agentId: 'a', conversationId, callerNumber: '+34600111222', language: 'es', signal };
  const tools = createBookingTools({ book: appointments });
  const dialog = openDialog({ flow, responder, language: 'es' }, { languageModel, tools, context });
  let state: ConversationState = { ...dialog.open(), node: 'booking', expert: 'booking' };
  return {
    asked,
    say: async (text: string) => {
      const turn = dialog.prepare(state, { kind: 'said', text, confidence: 1 }, { signal });
      let words = '';
      for await (const delta of turn.textDeltas) words += delta;
      state = dialog.withHeard((await turn.result).state, words);
      return words;
    },
    states: async () => (await appointments.listUpcoming(scope, { conversationId, callerNumber: null })).map((one) => one.state),
  };
}

const READ_OUT = 'Le aparto Limpieza facial mañana martes 3 a las diez de la mañana con Ana, a nombre de Eva Ruiz. ¿Se la confirmo?';

it('what a model books is read out, and confirmed by the caller’s yes without the model', async () => {
  const { say, states, asked } = open([['Veamos. ', book], ['Hasta mañana.']]);
  expect(await say('mañana a las diez me va bien')).toBe(`Veamos. ${READ_OUT}`);
  expect(await states()).toEqual(['held']);
  expect(await say('sí, gracias')).toBe('Hasta mañana.');
  expect(await states()).toEqual(['confirmed']);
  expect(asked[1]?.messages.at(-1)).toMatchObject({ role: 'tool', name: 'confirm' });
});

it.each([[[book, confirm]], [[book], [confirm], [confirm]]])(
  'a model that is told to book and to confirm confirms nothing that the caller did not say yes to: %#',
  async (...answers) => {
    const { say, states } = open(answers);
    await say('¿cuánto cuesta una facial?');
    await say('¿Cómo dice?');
    await say('Quiero saber el precio');
    await say('no, gracias');
    expect(await states()).not.toContain('confirmed');
  },
);

it('a hold that was left for later is confirmed by its own question', async () => {
  const { say, states } = open([[book], ['Cuestan cuarenta euros.'], [confirm], ['Confirmada.']]);
  await say('mañana a las diez');
  await say('¿cuánto cuesta?');
  expect(await say('vale, resérvela entonces mañana')).toBe('¿Le confirmo la cita que le aparté?');
  expect(await states()).toEqual(['held']);
  await say('sí');
  expect(await states()).toEqual(['confirmed']);
});
