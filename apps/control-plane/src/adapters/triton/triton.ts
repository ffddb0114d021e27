// Opens the models that a control plane talks to: one channel per role, so that one role's long reply delays no other.
import type { InferenceRole } from '#ports/inference-error.ts';
import type { ModelReading } from '#ports/resource-probe.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import { openTritonClient, TritonError, type TritonClient } from 'triton-client-grpc-generated';
import { createTritonLanguageModel, type TritonLanguageModelOptions } from './language-model.ts';
import { createTritonSpeechToText } from './speech-to-text.ts';
import { createTritonTextToSpeech } from './text-to-speech.ts';

/** Where each role is served. Roles may share a server; they never share a connection. */
export type TritonOptions = {
  readonly speechToText: { readonly url: string; readonly deadlineMs: number };
  readonly textToSpeech: { readonly url: string; readonly deadlineMs: number };
  /** Null: this box has no language model. */
  readonly languageModel: ({ readonly url: string } & Omit<TritonLanguageModelOptions, 'client'>) | null;
};

/** What a role's server says about it. `engine` tells which program runs the model. */
export type RoleStatus =
  | { readonly role: InferenceRole; readonly kind: 'ready'; readonly engine: string; readonly note: string }
  | { readonly role: InferenceRole; readonly kind: 'not_ready'; readonly reason: string };

/** The open models; dispose closes their channels and fails what is in flight. */
export type Triton = AsyncDisposable & {
  readonly models: {
    readonly speechToText: SpeechToText;
    readonly textToSpeech: TextToSpeech;
    readonly languageModel: LanguageModel | null;
  };
  /** What each model was asked for since its server began, by the server's own count; those that do not answer are missing. */
  counts(options: { signal: AbortSignal }): Promise<readonly Omit<ModelReading, 'slots'>[]>;
  /** Asks every server about its role; never throws. */
  status(options: { signal: AbortSignal }): Promise<readonly RoleStatus[]>;
  /** The same of one role; null when this box is not configured to have it. */
  statusOf(role: InferenceRole, options: { signal: AbortSignal }): Promise<RoleStatus | null>;
};

/** Opens channels. They connect on first use: a server that is still starting is no error here. */
export function openTriton(options: TritonOptions): Triton {
  const clients = new Map<InferenceRole, TritonClient>();
  const open = (role: InferenceRole, url: string): TritonClient => {
    const client = openTritonClient({ url });
    clients.set(role, client);
    return client;
  };
  const { speechToText, textToSpeech, languageModel } = options;
  return {
    models: {
      speechToText: createTritonSpeechToText({ ...speechToText, client: open('speech_to_text', speechToText.url) }),
      textToSpeech: createTritonTextToSpeech({ ...textToSpeech, client: open('text_to_speech', textToSpeech.url) }),
      languageModel:
        languageModel === null ? null : createTritonLanguageModel({ ...languageModel, client: open('language_model', languageModel.url) }),
    },
    counts: async ({ signal }) => (await Promise.all([...clients].map(([role, client]) => modelCount({ role, client, signal })))).flat(),
    status: ({ signal }) => Promise.all([...clients].map(([role, client]) => roleStatus({ role, client, signal }))),
    async statusOf(role, { signal }) {
      const client = clients.get(role);
      return client === undefined ? null : await roleStatus({ role, client, signal });
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients.values()) await client[Symbol.asyncDispose]();
    },
  };
}

/** An answer about a role is worth this long a wait; a status page is looked at by people. */
const STATUS_DEADLINE_MS = 2_000;

async function modelCount(ask: { role: InferenceRole; client: TritonClient; signal: AbortSignal }): Promise<Omit<ModelReading, 'slots'>[]> {
  const { role, client, signal } = ask;
  try {
    const [counted] = await client.modelStatistics(role, { deadlineMs: STATUS_DEADLINE_MS, signal });
    const times = counted?.inferenceStats;
    if (!times) return [];
    const seconds = (tally: { ns: number } | undefined): number => (tally?.ns ?? 0) / 1e9;
    // A request that was cancelled held its slot too; how long it had waited before is not told apart.
    const busySeconds = seconds(times.computeInput) + seconds(times.computeInfer) + seconds(times.computeOutput) + seconds(times.fail);
    const requests = (times.success?.count ?? 0) + (times.fail?.count ?? 0);
    return [{ role, requests, queuedSeconds: seconds(times.queue), busySeconds }];
  } catch {
    return [];
  }
}

async function roleStatus(ask: { role: InferenceRole; client: TritonClient; signal: AbortSignal }): Promise<RoleStatus> {
  const { role, client } = ask;
  const limits = { deadlineMs: STATUS_DEADLINE_MS, signal: ask.signal };
  try {
    const [isReady, metadata, index] = await Promise.all([
      client.modelReady(role, limits),
      client.modelMetadata(role, limits),
      client.repositoryIndex(limits),
    ]);
    const note = index.find((model) => model.name === role)?.reason ?? '';
    return isReady ? { role, kind: 'ready', engine: metadata.platform, note } : { role, kind: 'not_ready', reason: note };
  } catch (cause) {
    return { role, kind: 'not_ready', reason: TritonError.isInstance(cause) ? `${cause.kind}: ${cause.message}` : String(cause) };
  }
}
