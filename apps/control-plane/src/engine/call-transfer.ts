// Puts the caller through to a person, who is told first who calls: the brief is spoken while the telephone rings, so that no silence follows the answer.
import type { TransferStep } from '#dialog/next-step.ts';
import { spokenBrief } from '#dialog/transfer-brief.ts';
import { concatPcm } from '#audio/frame.ts';
import type { TransferOutcome, TransferProgress } from '#ports/call-control.ts';
import type { LiveCallParts } from './call-parts.ts';
import { MAX_BRIEF_MS } from './limits.ts';
import { speakWhole } from './whole-speech.ts';

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
  const { record, route, textToSpeech, log } = parts;
  const { language, voice, speed } = route.agent;
  const spoken = (text: string) => speakWhole(textToSpeech, { text, language, voice, speed }, { maxMs: MAX_BRIEF_MS, signal });
  const { told, keys } = spokenBrief(step.brief, { language, requiresKey: step.requiresKey });
  try {
    // Whoever is not told the keys cannot press the one that is required.
    const chunks = [...(await spoken(told)), ...(await spoken(keys))];
    return signal.aborted ? null : concatPcm(chunks);
  } catch (error) {
    if (signal.aborted) return null;
    log.warn({ err: error }, 'the brief of a transfer could not be spoken');
    record.note('model_failed', { error: error instanceof Error ? error.message : String(error), of: 'transfer_brief' });
    return null;
  }
}
