// A whole control plane on the real database, with a scripted telephone system and scripted models.
import { createControlPlane } from '#app/control-plane.ts';
import { openProcessMetrics } from '#app/metrics.ts';
import type { SafetyOptions } from '#app/safety.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { fixedAnnouncements } from '#ports/testing/fixed-stores.ts';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openMemoryTelephonyDirectory } from '#ports/testing/memory-telephony-directory.ts';
import { openScriptedCallControl, openScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import { openScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import { openScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import { openScriptedVoiceActivity } from '#ports/testing/scripted-voice-activity.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import { silentLog } from '#shared/log.ts';
import { TEST_ADMIN_KEY, testEmbeddings, testOfficeConfig } from './test-api.ts';

/** Opens it. `languageModel`: default none. */
export async function openTestPlane(test: TestDatabase, options: { languageModel?: LanguageModel | null; safety?: SafetyOptions } = {}) {
  const { languageModel = null, safety } = options;
  const clock = openManualClock();
  const metrics = openProcessMetrics(clock);
  const callControl = openScriptedCallControl();
  const textToSpeech = openScriptedTextToSpeech();
  const plane = await createControlPlane({
    config: {
      http: { host: '127.0.0.1', port: 0 },
      ...testOfficeConfig(),
      maxConcurrentCalls: 2,
      drainMs: 30_000,
    },
    database: test.database,
    callControl,
    directory: openMemoryTelephonyDirectory(),
    recordings: null,
    embeddings: testEmbeddings(),
    outboundHttp: { send: async () => Promise.resolve({ kind: 'refused', reason: 'unreachable' }) },
    speechToText: openScriptedSpeechToText(),
    textToSpeech,
    languageModel,
    voiceActivity: openScriptedVoiceActivity(),
    announcements: fixedAnnouncements({}),
    checks: [],
    ...(safety && { safety }),
    clock,
    log: silentLog,
    metrics,
  });
  const ring = (dialledNumber: string) => {
    const leg = openScriptedCallLeg({ clock, dialledNumber });
    callControl.incoming(leg);
    return leg;
  };
  const get = async (path: string) => {
    const response = await fetch(plane.httpAddress + path, { headers: { 'X-Admin-Key': TEST_ADMIN_KEY } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const post = async (path: string, headers: Record<string, string>, body?: object) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } };
    const response = await fetch(plane.httpAddress + path, { method: 'POST', headers, ...sent });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { clock, plane, ring, get, post, textToSpeech, registry: metrics.registry };
}
