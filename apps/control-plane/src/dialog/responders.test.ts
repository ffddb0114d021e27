import { describe, expect, it } from 'vitest';
import type { Responder } from '#ports/agent-profile.ts';
import type { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelRequest } from '#ports/language-model.ts';
import { openDialog } from './agent-turn.ts';
import { clinicEs } from './demo/clinic-es.ts';
import type { ConversationState, Dialog, DialogInput } from './dialog.ts';

const { flow } = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });
const byModel: Responder = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 99, temperature: 0.2 };
const said = (text: string): DialogInput => ({ kind: 'said', text, confidence: 1 });

/** A model that answers in the given pieces, keeps what it was asked, and fails after them when told to. */
function scriptedModel(pieces: readonly string[], failure?: InferenceError): LanguageModel & { asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  return {
    asked,
    async *stream(request, { signal }) {
      asked.push(request);
      for (const textDelta of pieces) {
        signal.throwIfAborted();
        yield { kind: 'text_delta', textDelta };
      }
      if (failure !== undefined) throw failure;
      yield { kind: 'finish', reason: 'stop', inputTokens: 1, outputTokens: 1 };
    },
  };
}

const textOf = async (textDeltas: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const delta of textDeltas) text += delta;
  return text;
};

const answer = async (dialog: Dialog, state: ConversationState, input: DialogInput) => {
  const { textDeltas, result } = dialog.prepare(state, input, { signal: new AbortController().signal });
  const text = await textOf(textDeltas);
  return { text, ...(await result) };
};

const withModel = (model: LanguageModel | null): Dialog => openDialog({ flow, responder: byModel }, { languageModel: model });

describe('an agent without a model', () => {
  it('answers from its flow even when its profile asks for a model', async () => {
    const dialog = withModel(null);
    const opened = await answer(dialog, dialog.open(), { kind: 'call_opened' });
    expect(opened.text).toBe('Clínica Demo, buenos días. Le atiende el asistente virtual. ¿Desea conocer el horario o pedir una cita?');
    const hours = await answer(dialog, opened.state, said('horario de atención'));
    expect(hours.text).toContain('Abrimos');
    expect(hours.state.history).toEqual([{ role: 'caller', text: 'horario de atención' }]);
  });

  it('keeps keys as the caller’s words and adds what was heard of the agent', async () => {
    const dialog = openDialog({ flow, responder: { kind: 'flow' } }, { languageModel: scriptedModel(['never asked']) });
    const { state } = await answer(dialog, dialog.open(), { kind: 'dtmf', digits: '2' });
    expect(dialog.withHeard(state, '¿Qué día').history).toEqual([
      { role: 'caller', text: '2' },
      { role: 'agent', text: '¿Qué día' },
    ]);
    expect(dialog.withHeard(state, ' ')).toEqual(state);
  });

  it('changes nothing by preparing a reply that is thrown away', () => {
    const dialog = withModel(null);
    const state = dialog.open();
    const before = structuredClone(state);
    dialog.prepare(state, said('una cita'), { signal: new AbortController().signal });
    expect(state).toEqual(before);
  });

  it('expects each phrase of the node and of the globals once, none of them in digits', () => {
    const dialog = withModel(null);
    const hints = dialog.hints({ ...dialog.open(), node: 'booking_hour' });
    expect(hints).toEqual(expect.arrayContaining(['a las diez', 'mediodía', 'recepción', 'adiós']));
    expect(hints).not.toContain('10');
    expect(new Set(hints).size).toBe(hints.length);
  });
});

describe('an agent with a model', () => {
  const menu = (dialog: Dialog): ConversationState => ({ ...dialog.open(), node: 'menu' });

  it('greets from the flow, without asking the model', async () => {
    const model = scriptedModel(['no']);
    const opened = await answer(withModel(model), withModel(model).open(), { kind: 'call_opened' });
    expect(opened.text).toContain('buenos días');
    expect(model.asked).toEqual([]);
  });

  it('streams the model’s words and asks with prompt, history and the caller’s words', async () => {
    const model = scriptedModel(['Sí, ', 'hay sitio.']);
    const dialog = withModel(model);
    const state = {
      ...menu(dialog),
      misses: 1,
      history: [{ role: 'agent', text: 'Hola.' } as const, { role: 'agent', text: '¿Qué desea?' } as const],
    };
    const reply = await answer(dialog, state, said('¿Tienen sitio mañana?'));
    expect(reply.text).toBe('Sí, hay sitio.');
    expect(reply).toMatchObject({ nextStep: { kind: 'listen' }, state: { node: 'menu', misses: 0 } });
    expect(reply.state.history.at(-1)).toEqual({ role: 'caller', text: '¿Tienen sitio mañana?' });
    expect(model.asked[0]).toEqual({
      messages: [
        { role: 'system', text: 'Eres la recepción.' },
        { role: 'assistant', text: 'Hola. ¿Qué desea?' },
        { role: 'user', text: '¿Tienen sitio mañana?' },
      ],
      maxOutputTokens: 99,
      temperature: 0.2,
    });
  });

  it('sends no more history than the model’s context holds, counted by its own tokenizer', async () => {
    const countTokens = (text: string): number => Math.ceil(text.length / 2);
    const model = { ...scriptedModel(['vale']), countTokens, contextTokens: 2_000 };
    const dialog = withModel(model);
    const history = Array.from(
      { length: 100 },
      (_, index) => ({ role: index % 2 === 0 ? 'caller' : 'agent', text: 'a'.repeat(500) }) as const,
    );
    await answer(dialog, { ...menu(dialog), history }, said('hola'));
    const sent = model.asked[0]?.messages.reduce((sum, { text }) => sum + countTokens(text), 0) ?? 0;
    expect(sent).toBeGreaterThan(1_000);
    expect(sent).toBeLessThanOrEqual(2_000 - 99);
  });

  it('lets keys, a person, goodbye, silence and unclear speech go through the flow', async () => {
    const model = scriptedModel(['no']);
    const dialog = withModel(model);
    const steps: [DialogInput, string][] = [
      [{ kind: 'dtmf', digits: '0' }, 'transfer'],
      [said('quiero hablar con una persona'), 'transfer'],
      [said('adiós'), 'end_call'],
      [said(''), 'listen'],
      [{ kind: 'no_input', count: 3, isLast: true }, 'end_call'],
    ];
    for (const [input, step] of steps) expect((await answer(dialog, menu(dialog), input)).nextStep.kind).toBe(step);
    expect(model.asked).toEqual([]);
  });

  it('goes on listening when the caller talks over the goodbye', async () => {
    const dialog = withModel(scriptedModel(['Dígame.']));
    expect((await answer(dialog, { ...dialog.open(), node: 'goodbye' }, said('espere'))).state.node).toBe('menu');
  });

  it('still settles what the caller said when the reply is cut short', async () => {
    const dialog = withModel(scriptedModel(['uno ', 'dos']));
    const abort = new AbortController();
    const aborted = dialog.prepare(menu(dialog), said('hola'), { signal: abort.signal });
    let heard = '';
    for await (const delta of aborted.textDeltas) {
      heard += delta;
      abort.abort();
    }
    expect(heard).toBe('uno ');
    expect((await aborted.result).state.history).toEqual([{ role: 'caller', text: 'hola' }]);
    const left = dialog.prepare(menu(dialog), said('hola'), { signal: new AbortController().signal });
    for await (const _ of left.textDeltas) break;
    expect((await left.result).nextStep).toEqual({ kind: 'listen' });
  });
});
