// Puts the caller through to a person, who is told first who calls: the brief is spoken while the telephone rings, so that no silence follows the answer.
import type { TransferStep } from '#dialog/next-step.ts';
import { spokenBrief } from '#dialog/transfer-brief.ts';
import { concatPcm, FRAME_HZ } from '#audio/frame.ts';
import type { TransferOutcome, TransferProgress } from '#ports/call-control.ts';
import type { LiveCallParts } from './call-parts.ts';
import { MAX_BRIEF_MS } from './limits.ts';
import { speakPiece } from './piece-voice.ts';
import { openSentenceSplitter } from './sentence-splitter.ts';

type TransferParts = Pick<LiveCallParts, 'leg' | 'record' | 'route' | 'textToSpeech' | 'log'>;

/** Rings, briefs and connects; settles as the leg does, with `failed` for what it throws. `signal` ends with the call. */
export async function transferCall(parts: TransferParts, step: TransferStep, signal: AbortSignal): Promise<TransferOutcome> {
  const { leg, record, route, log } = parts;
  const { destination, ringMs, requiresKey } = step;
  const over = new AbortController();
  record.note('transfer_started', { destination });
  const onProgress = (progress: TransferProgress): void => {
    if (signal.aborted) return;
    if (progress.kind === 'answered') return record.note('transfer_answered');
    record.note('transfer_briefed', { by: progress.by, heardMs: progress.heardMs });
  };
  // After a failure of the voice nothing is known and no key is asked for: the two are connected without asking the voice again.
  const isSilent = step.brief === null && !requiresKey;
  const brief = isSilent ? Promise.resolve(null) : makeBrief(parts, step, AbortSignal.any([signal, over.signal]));
  try {
    const to = { organizationSlug: route.organizationSlug, extension: destination };
    const outcome = await leg.transfer(to, { ringMs, brief, requiresKey, onProgress, signal });
    if (outcome.kind === 'declined' && !signal.aborted) record.note('transfer_declined', { by: outcome.by });
    return outcome;
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, 'a transfer broke');
    return { kind: 'failed', cause: String(error) };
  } finally {
    over.abort();
  }
}

/** The brief's sound, whole; null when it could not be made: a person who knows nothing yet is better than none. */
async function makeBrief(parts: TransferParts, step: TransferStep, signal: AbortSignal): Promise<Int16Array | null> {
  const { record, route, log } = parts;
  const { told, keys } = spokenBrief(step.brief, { language: route.agent.language, requiresKey: step.requiresKey });
  try {
    // Whoever is not told the keys cannot press the one that is required.
    const chunks = [...(await spoken(parts, told, signal)), ...(await spoken(parts, keys, signal))];
    return signal.aborted ? null : concatPcm(chunks);
  } catch (error) {
    if (signal.aborted) return null;
    log.warn({ err: error }, 'the brief of a transfer could not be spoken');
    record.note('model_failed', { error: error instanceof Error ? error.message : String(error), of: 'transfer_brief' });
    return null;
  }
}

/** A text's sound, up to `MAX_BRIEF_MS`. */
async function spoken({ route, textToSpeech }: TransferParts, text: string, signal: AbortSignal): Promise<readonly Int16Array[]> {
  const { language, voice, speed } = route.agent;
  const splitter = openSentenceSplitter();
  // Nobody waits for it yet: nothing has to be filled.
  const retries = { signal, onTryFailed: () => {} };
  const chunks: Int16Array[] = [];
  let samples = 0;
  for (const piece of [...splitter.push(text), ...splitter.end()]) {
    for await (const chunk of speakPiece(textToSpeech, { text: piece, language, voice, speed }, retries)) {
      chunks.push(chunk);
      samples += chunk.length;
      if (samples >= (MAX_BRIEF_MS * FRAME_HZ) / 1_000) return chunks;
    }
  }
  return chunks;
}
