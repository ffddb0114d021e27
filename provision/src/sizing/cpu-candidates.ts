/** Models on the processor, where there is no board: few calls, and the cores shared out between the models. Pure. */
import type { ManifestModel } from '#models/manifest.ts';
import type { Calibration } from './calibration.ts';
import type { Candidate } from './candidate.ts';
import * as figures from './sizing-figures.ts';
import type { PlacedModel, SizingTerm } from './sizing-plan.ts';
import { freeCores, llmTerm, sttTerm, ttsTerm } from './terms.ts';

export type CpuParts = {
  readonly cores: number;
  readonly models: readonly ManifestModel[];
  readonly contextTokens: number;
  readonly measured: Calibration | undefined;
  /** Terms of the machine beside these models. */
  readonly otherTerms: (models: readonly ManifestModel[]) => readonly SizingTerm[];
  readonly startCalls: number | null;
};

/** All candidates that fit, with and without a language model. */
export function* listCpuCandidates(parts: CpuParts): Generator<Candidate> {
  const of = (role: ManifestModel['role']): readonly ManifestModel[] =>
    parts.models.filter((model) => model.runsOn === 'cpu' && model.role === role);
  for (const [order, speech] of of('speech_to_text').entries())
    for (const [rank, voice] of of('text_to_speech').entries())
      for (const text of [...of('language_model'), null]) {
        const candidate = place(parts, { speech, voice, text });
        if (candidate) yield { ...candidate, quality: [text?.billionParameters ?? 0, -order, -rank] };
      }
}

/** Of the cores that calls leave, a sixth speaks, and the others understand and think. The language model's threads never take the last core. */
export function shareCores(cores: number, hasText: boolean): { readonly speech: number; readonly voice: number; readonly text: number } {
  const free = Math.max(1, Math.floor(freeCores(cores)));
  const voice = Math.max(1, Math.floor(free / 6));
  const rest = Math.max(1, free - voice);
  const text = hasText ? Math.max(1, Math.ceil(rest / 2)) : 0;
  return { speech: Math.max(1, rest - text), voice, text };
}

/** A language model's term on the processor, and its place for so many calls. */
export function cpuText(
  model: ManifestModel,
  { cores, contextTokens, measured }: Pick<CpuParts, 'cores' | 'contextTokens' | 'measured'>,
): { readonly term: SizingTerm; readonly place: (calls: number) => PlacedModel } {
  const threads = shareCores(cores, true).text;
  const tokensPerSecond = Math.min(figures.CPU_TOKENS_MAX, figures.CPU_TOKENS_PER_THREAD * threads);
  const term = llmTerm({ tokensPerSecond, source: `judged, ${threads} threads` }, measured);
  return {
    // It serves already, one call at a time.
    term: measured?.languageModel && term.calls < 1 ? { ...term, calls: 1, arithmetic: `${term.arithmetic}, taken for 1` } : term,
    place: (calls) => onProcessor(model, { threads, context_tokens: contextTokens, max_sequences: Math.max(1, calls) }),
  };
}

function onProcessor(model: ManifestModel, settings: PlacedModel['settings']): PlacedModel {
  return {
    role: model.role,
    name: model.name,
    precision: model.precisions[0]?.name ?? 'float32',
    vramBytes: 0,
    gpuUuid: null,
    memoryFraction: null,
    settings: { engine: model.engine, ...settings },
  };
}

function place(
  parts: CpuParts,
  { speech, voice, text }: { readonly speech: ManifestModel; readonly voice: ManifestModel; readonly text: ManifestModel | null },
): Omit<Candidate, 'quality'> | null {
  const threads = shareCores(parts.cores, text !== null);
  const { measured } = parts;
  const seconds = (figures.CPU_RECOGNITION_SECONDS_ON_8 * 8) / threads.speech;
  const thinking = text && cpuText(text, parts);
  const terms = [
    sttTerm({ seconds, batch: 1, source: `i7-12700K, ${threads.speech} threads` }, measured),
    ttsTerm({ rtf: figures.PIPER_RTF / threads.voice, source: `Piper, ${threads.voice} threads` }, measured),
    ...(thinking ? [thinking.term] : []),
    ...parts.otherTerms([speech, voice, ...(text ? [text] : [])]),
  ];
  const calls = Math.min(...terms.map((term) => term.calls), parts.startCalls ?? figures.MAX_CALLS);
  if (calls < 1) return null;
  const models = [
    onProcessor(speech, { threads: threads.speech }),
    onProcessor(voice, { threads: threads.voice }),
    ...(thinking ? [thinking.place(calls)] : []),
  ];
  return { terms, calls, models };
}
