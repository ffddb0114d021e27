/** Every way of placing the three models of a call on the boards of a machine, with what each carries. Pure. */
import type { ManifestModel, ModelPrecision } from '#models/manifest.ts';
import type { Board } from './boards.ts';
import { profileOf } from './boards.ts';
import type { Calibration } from './calibration.ts';
import type { Candidate } from './candidate.ts';
import * as figures from './sizing-figures.ts';
import type { PlacedModel, SizingTerm } from './sizing-plan.ts';
import { llmTerm, sttTerm, ttsTerm, vramTerm } from './terms.ts';

export type GpuParts = {
  readonly boards: readonly Board[];
  /** Those that may be used: licence, languages and presence are decided before. */
  readonly models: readonly ManifestModel[];
  readonly contextTokens: number;
  readonly measured: Calibration | undefined;
  /** Terms of the machine around the boards. */
  readonly otherTerms: readonly SizingTerm[];
  /** Calls before anything was measured; null: measured. */
  readonly startCalls: number | null;
};

type Choice = { readonly model: ManifestModel; readonly precision: ModelPrecision; readonly rank: number };
type SpeechChoice = Choice & { readonly maxBatch: number };
type VoiceChoice = Choice & { readonly nfeSteps: number | null; readonly rtf: number; readonly source: string };
type TextChoice = Choice & { readonly kv: 'auto' | 'fp8'; readonly kvBytesPerToken: number };

/** How many recognitions run together; a quarter of them are taken to be there on average. */
const BATCHES = [8, 4] as const;
/** Steps of F5-TTS's flow: 32 sound better, 16 are twice as fast. */
const NFE_STEPS = [32, 16] as const;
/** 8-bit memory of calls wants a board that reckons in it. */
const FP8_CAPABILITY = 8.9;

/** All candidates that fit. Without a language model among them (`withText: false`) speech alone is placed. */
export function* listGpuCandidates(parts: GpuParts, { withText }: { readonly withText: boolean }): Generator<Candidate> {
  const maxBillions = Math.max(0, ...parts.boards.map(({ freeBytes }) => profileOf(freeBytes)?.maxBillions ?? 0));
  const texts: readonly (TextChoice | null)[] = withText ? listTexts(parts.models, maxBillions) : [null];
  for (const speech of listSpeech(parts.models))
    for (const voice of listVoices(parts.models))
      for (const text of texts)
        for (const places of listPlaces(parts.boards, text !== null)) {
          const candidate = place(parts, { speech, voice, text, places });
          if (candidate) yield candidate;
        }
}

type Places = { readonly speech: Board; readonly voice: Board; readonly text: Board | null };

/** A slice takes one model. */
function* listPlaces(boards: readonly Board[], hasText: boolean): Generator<Places> {
  for (const speech of boards)
    for (const voice of boards)
      for (const text of hasText ? boards : [null]) {
        const used = [speech, voice, ...(text ? [text] : [])];
        if (!used.some((board, index) => board.isSlice && used.indexOf(board) !== index)) yield { speech, voice, text };
      }
}

function choicesOf(models: readonly ManifestModel[], wanted: (model: ManifestModel) => boolean): readonly Choice[] {
  const fit = models.filter((model) => model.runsOn === 'gpu' && wanted(model));
  return fit.flatMap((model, index) =>
    model.precisions.map((precision, order) => ({ model, precision, rank: -index - order / model.precisions.length })),
  );
}

function listSpeech(models: readonly ManifestModel[]): readonly SpeechChoice[] {
  return choicesOf(models, ({ role }) => role === 'speech_to_text').flatMap((choice) =>
    BATCHES.map((maxBatch) => ({ ...choice, maxBatch })),
  );
}

function listVoices(models: readonly ManifestModel[]): readonly VoiceChoice[] {
  return choicesOf(models, ({ role, engine }) => role === 'text_to_speech' && engine !== 'vocoder').flatMap((choice): VoiceChoice[] => {
    if (choice.model.engine !== 'f5-tts') return [{ ...choice, nfeSteps: null, rtf: figures.KOKORO_RTF, source: 'planned' }];
    // Where its licence allows it F5-TTS speaks better, with the voices of the agents.
    return NFE_STEPS.map((nfeSteps) => ({
      ...choice,
      rank: choice.rank + 100 + nfeSteps / 100,
      nfeSteps,
      rtf: figures.F5_RTF_AT_16_STEPS * (nfeSteps / 16),
      source: `L20, ${nfeSteps} steps`,
    }));
  });
}

function listTexts(models: readonly ManifestModel[], maxBillions: number): readonly TextChoice[] {
  return choicesOf(models, ({ role, billionParameters = 0 }) => role === 'language_model' && billionParameters <= maxBillions).flatMap(
    (choice): TextChoice[] => {
      const kvBytesPerToken = choice.model.kvBytesPerToken ?? 0;
      return [
        { ...choice, kv: 'auto', kvBytesPerToken },
        { ...choice, kv: 'fp8', kvBytesPerToken: kvBytesPerToken / 2 },
      ];
    },
  );
}

type Set = { readonly speech: SpeechChoice; readonly voice: VoiceChoice; readonly text: TextChoice | null; readonly places: Places };

function canRun(board: Board, { minComputeCapability }: ModelPrecision): boolean {
  // A driver that does not say is believed to have what every board here has.
  return (board.computeCapability ?? 8) >= (minComputeCapability ?? 0);
}

function place(parts: GpuParts, { speech, voice, text, places }: Set): Candidate | null {
  if (!canRun(places.speech, speech.precision) || !canRun(places.voice, voice.precision)) return null;
  if (text && places.text && !canRun(places.text, text.precision)) return null;
  if (text?.kv === 'fp8' && (places.text?.computeCapability ?? 0) < FP8_CAPABILITY) return null;
  const speechBytes = speech.precision.vramBytes + speech.precision.vramBytesPerRequest * (speech.maxBatch - 1);
  const taken = new Map<Board, number>();
  const take = (board: Board, bytes: number): void => void taken.set(board, (taken.get(board) ?? figures.RESERVED_VRAM_BYTES) + bytes);
  take(places.speech, speechBytes + figures.PROCESS_VRAM_BYTES);
  take(places.voice, voice.precision.vramBytes + (places.voice === places.speech ? 0 : figures.PROCESS_VRAM_BYTES));
  if (text && places.text) take(places.text, text.precision.vramBytes + figures.PROCESS_VRAM_BYTES);
  for (const [board, bytes] of taken) if (bytes > board.freeBytes) return null;
  const { measured } = parts;
  const terms = [
    ...(text && places.text ? textTerms(parts, { text, board: places.text, takenBytes: taken.get(places.text) ?? 0 }) : []),
    sttTerm({ seconds: figures.GPU_RECOGNITION_SECONDS, batch: speech.maxBatch / 4, source: 'RTX 4090' }, measured),
    ttsTerm(voice, measured),
    ...parts.otherTerms,
  ];
  const calls = Math.min(...terms.map((term) => term.calls), parts.startCalls ?? figures.MAX_CALLS);
  if (calls < 1) return null;
  const room = text && places.text ? places.text.freeBytes - (taken.get(places.text) ?? 0) : 0;
  return {
    terms,
    calls,
    quality: [
      text?.model.billionParameters ?? 0,
      text?.rank ?? 0,
      voice.rank,
      speech.rank,
      text?.kv === 'fp8' ? 0 : 1,
      speech.maxBatch,
      -taken.size,
    ],
    models: [
      placed(speech, places.speech, { vramBytes: speechBytes, settings: { max_batch: speech.maxBatch } }),
      placed(voice, places.voice, {
        vramBytes: voice.precision.vramBytes,
        settings: voice.nfeSteps === null ? {} : { nfe_steps: voice.nfeSteps },
      }),
      ...(text && places.text ? [placedText({ ...parts, text, board: places.text, roomBytes: room, calls })] : []),
    ],
  };
}

function textTerms(parts: GpuParts, { text, board, takenBytes }: { text: TextChoice; board: Board; takenBytes: number }): SizingTerm[] {
  const { contextTokens, measured } = parts;
  const { kvBytesPerToken, model } = text;
  const billions = model.billionParameters ?? figures.REFERENCE_BILLIONS;
  // A smaller model is not taken to be faster than published: its work beside the weights does not shrink.
  const tokensPerSecond = board.tokensPerSecond * Math.min(1, figures.REFERENCE_BILLIONS / billions);
  return [
    vramTerm({ freeBytes: board.freeBytes, takenBytes, contextTokens, kvBytesPerToken }),
    llmTerm({ tokensPerSecond, source: `${board.tokensSource}, ${billions} billion` }, measured),
  ];
}

function placed(
  { model, precision }: Choice,
  board: Board,
  { vramBytes, settings }: { readonly vramBytes: number; readonly settings: PlacedModel['settings'] },
): PlacedModel {
  return {
    role: model.role,
    name: model.name,
    precision: precision.name,
    vramBytes,
    gpuUuid: board.uuid,
    memoryFraction: Math.floor((1_000 * vramBytes) / board.totalBytes) / 1_000,
    settings: { engine: model.engine, ...settings },
  };
}

/** The memory of calls: for as many as are admitted and half as many again (a prompt that was answered is kept for its next turn), as far as there is room. */
function placedText(parts: {
  readonly text: TextChoice;
  readonly board: Board;
  readonly roomBytes: number;
  readonly calls: number;
  readonly contextTokens: number;
}): PlacedModel {
  const { text, board, roomBytes, calls, contextTokens } = parts;
  const callBytes = contextTokens * text.kvBytesPerToken;
  const sequences = Math.max(1, Math.min(Math.ceil(calls * 1.5), Math.floor(roomBytes / callBytes)));
  return placed(text, board, {
    vramBytes: text.precision.vramBytes + sequences * callBytes,
    settings: { kv_cache_dtype: text.kv, kv_bytes: sequences * callBytes, context_tokens: contextTokens, max_sequences: sequences },
  });
}
