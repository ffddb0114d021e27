/** What the journal says of a call, read as an admin reads it. */
import { join } from 'node:path';
import type { Rig } from './rig.ts';

/** A turn as the API gives it. */
export type JournalTurn = {
  readonly seq: number;
  readonly role: 'caller' | 'agent';
  readonly text: string;
  readonly input: 'speech' | 'dtmf' | null;
  readonly heardMs: number | null;
  readonly interrupted: boolean;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly endpointMs: number | null;
  readonly speechToTextMs: number | null;
  readonly firstFrameMs: number | null;
};

/** A call as the API gives it. */
export type JournalCall = {
  readonly callId: string;
  readonly organizationId: string;
  readonly dialledNumber: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly reason: string | null;
  /** Where the recording lies on this machine: the API never says. */
  readonly recordingPath: string | null;
  readonly turns: readonly JournalTurn[];
  readonly notes: readonly JournalNote[];
  /** Written just after the end. */
  readonly quality: readonly JournalQuality[];
};

/** A happening as the API gives it. */
export type JournalNote = { readonly name: string; readonly at: string; readonly fields: Readonly<Record<string, unknown>> };

/** How well one side of a call was carried, as the API gives it. */
type JournalQuality = {
  readonly leg: 'caller' | 'representative';
  readonly codec: string;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly receivedLossRatio: number;
  readonly receivedJitterMs: number;
  readonly receivedMos: number;
  readonly sentMos: number | null;
  readonly roundTripMs: number | null;
};

/** What was said opens to an admin who says why. */
const BREAK_GLASS = { 'X-Break-Glass': 'an end-to-end test compares what was said with what was heard' };

type ListedCall = Omit<JournalCall, 'turns' | 'notes' | 'quality' | 'recordingPath'> & {
  readonly legId: string | null;
  readonly hasRecording: boolean;
};

/** Waits until the latest call to `dialledNumber` has ended in the journal and returns it. */
export async function endedCall(rig: Rig, dialledNumber: string): Promise<JournalCall> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { calls } = (await rig.admin('/admin/calls?limit=20')) as { calls: ListedCall[] };
    const found = calls.find((call) => call.dialledNumber === dialledNumber);
    if (found?.state === 'ended') {
      const { call, ...rest } = (await rig.admin(`/admin/calls/${found.callId}`, BREAK_GLASS)) as { call: ListedCall } & Pick<
        JournalCall,
        'turns' | 'notes' | 'quality'
      >;
      const recordingPath = call.hasRecording && call.legId !== null ? join(rig.recordingsDir, `${call.legId}.wav`) : null;
      return { ...call, ...rest, recordingPath };
    }
    if (Date.now() > deadline)
      throw new Error(`no ended call to ${dialledNumber} in the journal: ${JSON.stringify(found ?? calls.length)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
