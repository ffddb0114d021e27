// What one live call is made of; chosen by the engine, used by nobody else.
import type { Dialog } from '#dialog/dialog.ts';
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type { CallLeg } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallRoute } from '#ports/call-routing.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { CallRecord } from './call-record.ts';
import type { ResumedCall } from './resumed-call.ts';

/** What a call needs. */
export type LiveCallParts = {
  readonly leg: CallLeg;
  readonly route: CallRoute;
  readonly dialog: Dialog;
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  readonly voiceActivity: VoiceActivity;
  readonly announcements: AnnouncementStore;
  readonly record: CallRecord;
  readonly clock: Clock;
  readonly log: Log;
  /** Set: the call goes on from where another process left it. */
  readonly resumed?: ResumedCall | null;
};

/** How a call whose set-up broke ends. An end that came first, such as a hang-up, stays the reason. */
export function setUpEnd(error: unknown, log: Log): [outcome: CallOutcome, reason: string] {
  log.info({ err: error }, 'call set-up ended');
  return error instanceof LegGoneError ? ['caller_hung_up', 'hung up during set-up'] : ['failed', 'set_up_failed'];
}
