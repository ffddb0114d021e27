// A whole engine on scripted ports and manual time: calls come in, speak, hang up, and minutes pass in milliseconds.
import { vi } from 'vitest';
import { silentFrames } from '#audio/frame.ts';
import { openManualClock, STEP_MS } from '#ports/testing/manual-clock.ts';
import type { ManualClock } from '#ports/testing/manual-clock.ts';
import { fixedAnnouncements, fixedCallRouting } from '#ports/testing/fixed-stores.ts';
import { openMemoryJournal } from '#ports/testing/memory-journal.ts';
import type { MemoryJournal } from '#ports/testing/memory-journal.ts';
import { openScriptedCallControl, openScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { ScriptedCallLeg, ScriptedLegOptions } from '#ports/testing/scripted-call-leg.ts';
import { openScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import type { ScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import { openScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import type { ScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import { openScriptedVoiceActivity } from '#ports/testing/scripted-voice-activity.ts';
import type { ScriptedVoiceActivity } from '#ports/testing/scripted-voice-activity.ts';
import type { CallRoute } from '#ports/call-routing.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallEngine } from '#engine/call-engine.ts';
import type { CallEngine, CallEngineParts } from '#engine/call-engine.ts';
import { clinicAgent } from './clinic-agent.ts';

/** The sample that the recorded apology consists of. */
export const APOLOGY_SAMPLE = 333;
/** And the recorded filler. */
export const FILLER_SAMPLE = 222;
/** And the recorded "sorry, go on". */
export const PARDON_SAMPLE = 111;
/** A caller's utterance, and the silence after it in which a turn of the test's agent is committed for sure. */
export const SPOKEN_MS = 800;
const COMMITTED_MS = 700;

/** The engine and everything around it. */
export type EngineRig = AsyncDisposable & {
  readonly clock: ManualClock;
  readonly engine: CallEngine;
  readonly journal: MemoryJournal;
  readonly speechToText: ScriptedSpeechToText;
  readonly textToSpeech: ScriptedTextToSpeech;
  readonly voiceActivity: ScriptedVoiceActivity;
  /** A leg that does not come in by itself: of a caller who outlived another engine. */
  silentLeg(): ScriptedCallLeg;
  /** Who answers number 100. */
  route(): CallRoute;
  /** A call rings. */
  ring(options?: Omit<ScriptedLegOptions, 'clock'>): ScriptedCallLeg;
  /** A call rings and its greeting is heard to the end. */
  greeted(options?: Omit<ScriptedLegOptions, 'clock'>): Promise<ScriptedCallLeg>;
  /** The caller says something; runs until the turn is the agent's. */
  says(leg: ScriptedCallLeg, text: string): Promise<void>;
  /** Runs until the agent's turn is heard and the floor is open. */
  agentDone(): Promise<void>;
  /** Turns of the journal as `role: text`. */
  said(): string[];
  /** What is still open of calls; all zeros when nothing is. */
  leftOpen(legs: readonly ScriptedCallLeg[]): Record<string, number>;
};

/** Opens an engine that answers number 100 with the clinic's agent. Replaces the global timers until it is disposed. */
export function openEngineRig(parts: Partial<CallEngineParts> & { routes?: Record<string, CallRoute> } = {}): EngineRig {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const clock = openManualClock();
  clock.onStep(() => vi.advanceTimersByTime(STEP_MS));
  const journal = openMemoryJournal();
  const speechToText = openScriptedSpeechToText();
  const textToSpeech = openScriptedTextToSpeech();
  const voiceActivity = openScriptedVoiceActivity();
  const callControl = openScriptedCallControl();
  const routes = parts.routes ?? { 100: routeTo(clinicAgent()) };
  const ports = { callControl, journal, speechToText, textToSpeech, voiceActivity, clock };
  const engine = createCallEngine({ ...restOfParts(routes), ...ports, ...parts });
  const ring = (options: Omit<ScriptedLegOptions, 'clock'> = {}): ScriptedCallLeg => {
    const leg = openScriptedCallLeg({ clock, ...options });
    callControl.incoming(leg);
    return leg;
  };
  const agentDone = async (): Promise<void> => {
    const before = agentTurns(journal);
    await clock.runUntil('the agent finished its turn', () => agentTurns(journal) > before);
  };
  return {
    clock,
    engine,
    journal,
    speechToText,
    textToSpeech,
    voiceActivity,
    silentLeg: () => openScriptedCallLeg({ clock }),
    route() {
      const route = routes[100];
      if (route === undefined) throw new Error('nobody answers number 100');
      return route;
    },
    ring,
    agentDone,
    async greeted(options) {
      const leg = ring(options);
      await agentDone();
      return leg;
    },
    async says(leg, text) {
      speechToText.willAnswer({ says: text });
      leg.media().callerSpeaks(SPOKEN_MS);
      await clock.run(SPOKEN_MS + COMMITTED_MS);
    },
    said: () => journal.turns().map((turn) => `${turn.role}: ${turn.text}`),
    leftOpen: (legs) => ({
      calls: engine.liveCalls(),
      voiceStreams: voiceActivity.open(),
      syntheses: textToSpeech.open(),
      media: legs.filter((leg) => leg.progress() !== 'ended' || leg.hasOpenMedia()).length,
    }),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      vi.useRealTimers();
    },
  };
}

/** What no test looks at, and what is told apart by its sample. */
function restOfParts(routes: Record<string, CallRoute>) {
  return {
    routing: fixedCallRouting(routes),
    languageModel: null,
    announcements: fixedAnnouncements(
      { en: silentFrames(25).fill(APOLOGY_SAMPLE) },
      { en: silentFrames(25).fill(FILLER_SAMPLE) },
      { en: silentFrames(25).fill(PARDON_SAMPLE) },
    ),
    log: silentLog,
    limits: { maxConcurrentCalls: 10 },
  };
}

/** A route to an agent of an organization of its own. */
export function routeTo(agent: CallRoute['agent']): CallRoute {
  return { scope: mintOrgScope(newId('organization')), organizationSlug: 'clinica', concurrentCalls: 100, agent };
}

/** What `leftOpen` answers when nothing is. */
export const NOTHING_OPEN = { calls: 0, voiceStreams: 0, syntheses: 0, media: 0 };

function agentTurns(journal: MemoryJournal): number {
  return journal.turns().filter((turn) => turn.role === 'agent').length;
}
