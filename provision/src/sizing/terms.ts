/** The terms of `N = min(…)`: how many calls each part of a machine carries, with the sum in words. Pure. */
import { toGib } from '#gibibytes.ts';
import type { Calibration } from './calibration.ts';
import * as figures from './sizing-figures.ts';
import type { SizingTerm, TermName } from './sizing-plan.ts';

const RHO = figures.UTILISATION;

function term(name: TermName, calls: number, arithmetic: string): SizingTerm {
  const whole = Math.max(0, Math.min(figures.MAX_CALLS, Math.floor(calls + 1e-9)));
  return { name, calls: whole, arithmetic: `${arithmetic} = ${whole}` };
}

/** Of what the models leave of a board, as many calls' memories as fit. */
export function vramTerm(parts: {
  readonly freeBytes: number;
  readonly takenBytes: number;
  readonly contextTokens: number;
  readonly kvBytesPerToken: number;
}): SizingTerm {
  const callBytes = parts.contextTokens * parts.kvBytesPerToken;
  const roomBytes = parts.freeBytes - parts.takenBytes;
  return term(
    'vram',
    roomBytes / callBytes,
    `(${toGib(parts.freeBytes)} GiB free - ${toGib(parts.takenBytes)} GiB for weights, processes and reserve) / (${parts.contextTokens} tokens x ${Math.round(parts.kvBytesPerToken / 1024)} KiB)`,
  );
}

export function sttTerm(
  planned: { readonly seconds: number; readonly batch: number; readonly source: string },
  measured?: Calibration,
): SizingTerm {
  const { seconds, batch, source } = measured
    ? { seconds: measured.speechToText.seconds, batch: measured.speechToText.parallel, source: 'measured' }
    : planned;
  return term(
    'stt',
    (RHO * batch) / (seconds * figures.RECOGNITIONS_PER_SECOND),
    `${RHO} x ${batch} at once / (${round(seconds)} s [${source}] x ${figures.RECOGNITIONS_PER_SECOND} recognitions/s/call)`,
  );
}

export function ttsTerm(planned: { readonly rtf: number; readonly source: string }, measured?: Calibration): SizingTerm {
  const { rtf, source } = measured ? { rtf: measured.textToSpeech.rtf, source: 'measured' } : planned;
  return term(
    'tts',
    RHO / (rtf * figures.SPEAKING_SHARE),
    `${RHO} / (real-time factor ${round(rtf)} [${source}] x ${figures.SPEAKING_SHARE} of the call)`,
  );
}

export function llmTerm(planned: { readonly tokensPerSecond: number; readonly source: string }, measured?: Calibration): SizingTerm {
  const own = measured?.languageModel;
  const { tokensPerSecond, source } = own ? { tokensPerSecond: own.tokensPerSecond, source: 'measured' } : planned;
  return term(
    'llm',
    (RHO * tokensPerSecond) / figures.TOKENS_PER_SECOND_AND_CALL,
    `${RHO} x ${Math.round(tokensPerSecond)} tokens/s [${source}] / ${figures.TOKENS_PER_SECOND_AND_CALL.toFixed(1)} tokens/s/call`,
  );
}

/** Cores that calls may use beside the models. */
export function freeCores(cores: number): number {
  return Math.max(cores - figures.RESERVED_CORES, cores / 2);
}

export function cpuTerm(cores: number, measured?: Calibration): SizingTerm {
  const free = freeCores(cores);
  const own = measured?.coresPerCall;
  const share = own !== undefined && own !== null && own > 0 ? own : figures.CALL_CORE_SHARE;
  const source = share === own ? 'measured' : 'planned';
  return term('cpu', (RHO * free) / share, `${RHO} x ${free} of ${cores} cores / ${round(share)} of a core [${source}] a call`);
}

/** With espeak-ng and the phrases engine everything is the processor's. */
export function espeakCpuTerm(cores: number, measured?: Calibration): SizingTerm {
  const own = measured?.coresPerCall;
  if (own !== undefined && own !== null && own > 0)
    return term('cpu', (0.8 * cores) / own, `0.8 x ${cores} cores / ${round(own)} of a core [measured] a call`);
  return term(
    'cpu',
    cores * figures.ESPEAK_CALLS_PER_CORE,
    `${cores} cores x ${figures.ESPEAK_CALLS_PER_CORE} calls with espeak-ng and phrases`,
  );
}

export function memoryTerm(totalBytes: number, modelBytes: number): SizingTerm {
  return term(
    'memory',
    (totalBytes - figures.RESERVED_MEMORY_BYTES - modelBytes) / figures.CALL_MEMORY_BYTES,
    `(${toGib(totalBytes)} GiB - ${toGib(figures.RESERVED_MEMORY_BYTES)} GiB - ${toGib(modelBytes)} GiB for models) / ${figures.CALL_MEMORY_BYTES / figures.MEBIBYTE} MiB a call`,
  );
}

export function diskTerm(freeBytes: number, modelBytes: number): SizingTerm {
  return term(
    'disk',
    (freeBytes - figures.RESERVED_DISK_BYTES - modelBytes) / figures.CALL_DISK_BYTES,
    `(${toGib(freeBytes)} GiB free - ${toGib(figures.RESERVED_DISK_BYTES)} GiB - ${toGib(modelBytes)} GiB for models) / ${Math.round(figures.CALL_DISK_BYTES / 1e6)} MB for 8 hours of recording a call`,
  );
}

/** The term that binds: the first of the smallest. */
export function bindingTerm(terms: readonly SizingTerm[]): SizingTerm {
  const [first, ...rest] = terms;
  if (!first) throw new Error('a plan without terms: a bug in the sizing');
  return rest.reduce((least, one) => (one.calls < least.calls ? one : least), first);
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
