/** The stand-in models with a script: what goes wrong with a role's next answers. */
import { setTimeout as delay } from 'node:timers/promises';
import { StandInFailure } from '@centralita/control-plane/sandbox/inference-request.ts';
import type {
  InferenceAnswer,
  InferenceRequest,
  InferenceRole,
  StandInModel,
} from '@centralita/control-plane/sandbox/inference-request.ts';
import { textTensor } from 'triton-client-grpc-generated';

/** What a model does instead of answering as it should. */
export type Misbehaviour =
  | { readonly kind: 'late'; readonly ms: number }
  /** Nothing more comes after this many parts of the answer. */
  | { readonly kind: 'stall'; readonly afterParts: number }
  /** The answer ends after this many parts with this gRPC status. */
  | { readonly kind: 'break'; readonly afterParts: number; readonly code: number; readonly words: string }
  /** These texts are understood or written, one for each request, the last one again and again. */
  | { readonly kind: 'say'; readonly texts: readonly string[] };

/** What is wrong with a role, and for how many requests. */
export type Script = { readonly role: InferenceRole; readonly misbehaviour: Misbehaviour; readonly times: number };

/** The script as it is being played. */
export type ScriptBook = { set(script: Script): void; clear(): void; wrap(role: InferenceRole, model: StandInModel): StandInModel };

export function openScriptBook(): ScriptBook {
  const scripts = new Map<InferenceRole, { misbehaviour: Misbehaviour; left: number; asked: number }>();
  return {
    set: ({ role, misbehaviour, times }) => void scripts.set(role, { misbehaviour, left: times, asked: 0 }),
    clear: () => scripts.clear(),
    wrap: (role, model) => ({
      async *answer(request) {
        const script = scripts.get(role);
        if (script === undefined || script.left === 0) return yield* model.answer(request);
        script.left -= 1;
        script.asked += 1;
        yield* misbehave(script, { role, model, request });
      },
    }),
  };
}

type Asked = { readonly role: InferenceRole; readonly model: StandInModel; readonly request: InferenceRequest };

async function* misbehave(
  { misbehaviour, asked }: { misbehaviour: Misbehaviour; asked: number },
  { role, model, request }: Asked,
): AsyncGenerator<InferenceAnswer, void, undefined> {
  if (misbehaviour.kind === 'say') {
    const text = misbehaviour.texts[Math.min(asked, misbehaviour.texts.length) - 1] ?? '';
    return yield role === 'speech_to_text' ? understood(text) : written(text);
  }
  if (misbehaviour.kind === 'late') {
    await delay(misbehaviour.ms, undefined, { signal: request.signal });
    return yield* model.answer(request);
  }
  let parts = 0;
  if (misbehaviour.afterParts > 0) {
    for await (const part of model.answer(request)) {
      yield part;
      parts += 1;
      if (parts === misbehaviour.afterParts) break;
    }
  }
  if (misbehaviour.kind === 'break') throw new StandInFailure(misbehaviour.code, misbehaviour.words);
  // Until the client gives up.
  await delay(600_000, undefined, { signal: request.signal });
}

function understood(text: string): InferenceAnswer {
  const scalar = (name: string, value: number) => ({ name, datatype: 'FP32' as const, shape: [1, 1], values: Float32Array.of(value) });
  return {
    text,
    outputs: [textTensor('TEXT', [text]), scalar('CONFIDENCE', 0.9), scalar('NO_SPEECH_PROBABILITY', text === '' ? 0.9 : 0.01)],
  };
}

function written(text: string): InferenceAnswer {
  const count = (name: string, value: number) => ({ name, datatype: 'UINT32' as const, shape: [1], values: Uint32Array.of(value) });
  const outputs = [textTensor('text_output', [text], [1]), textTensor('finish_reason', ['stop'], [1])];
  return { text, outputs: [...outputs, count('num_input_tokens', 100), count('num_output_tokens', 10)] };
}
