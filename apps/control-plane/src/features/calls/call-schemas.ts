// Calls as the API shows them, to their organization and to the admin. A recording's path is shown to nobody.
import { z } from '@hono/zod-openapi';
import { callStates } from '#db/schema/calls.ts';
import { qualityLegs } from '#db/schema/leg-qualities.ts';
import type { CallDetails, CallSummary } from './call-store.ts';
import type { LiveCallView } from './live-calls.ts';

const instant = z.iso.datetime();
const ms = z.number().nullable();
const noteValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const callFields = {
  callId: z.string(),
  agentId: z.string().nullable(),
  dialledNumber: z.string(),
  callerNumber: z.string().openapi({ description: 'Empty when withheld' }),
  state: z.enum(callStates),
  outcome: z.string().nullable(),
  reason: z.string().nullable(),
  startedAt: instant,
  answeredAt: instant.nullable(),
  endedAt: instant.nullable(),
  setupMs: ms,
  durationMs: ms,
  hasRecording: z.boolean(),
  recordingBytes: z.int().nullable().openapi({ description: 'Known a minute after the end at the latest' }),
} as const;

export const callSchema = z.object(callFields).openapi('Call');
export const adminCallSchema = z.object({ organizationId: z.string(), legId: z.string().nullable(), ...callFields }).openapi('AdminCall');

const turnFields = {
  seq: z.int(),
  role: z.enum(['caller', 'agent']),
  input: z.enum(['speech', 'dtmf']).nullable(),
  startedAt: instant,
  endedAt: instant,
  heardMs: ms,
  interrupted: z.boolean(),
  endpointMs: ms,
  speechToTextMs: ms,
  replyMs: ms,
  textToSpeechMs: ms,
  firstFrameMs: ms,
  gapMs: ms.openapi({
    description: "Of the agent: silence from the caller's last sound to the answer's first, as it was timed during the call",
  }),
  heardGapMs: ms.openapi({ description: 'The same silence as it is on the recording; null without one' }),
} as const;

export const turnSchema = z.object({ text: z.string(), ...turnFields }).openapi('Turn');
export const noteSchema = z.object({ name: z.string(), fields: z.record(z.string(), noteValue), at: instant }).openapi('Note');
export const callConversationSchema = z
  .object({
    node: z.string(),
    slots: z.record(z.string(), z.string()),
    summary: z.string().nullable().openapi({ description: 'What was said so long ago that the model is told no more than this of it' }),
  })
  .openapi('CallConversation', { description: 'Where the conversation stands after the last turn, also while the call is up' });
/** As the admin sees them: without a reason given, what was said and pressed is null. */
export const adminTurnSchema = z.object({ text: z.string().nullable(), ...turnFields }).openapi('AdminTurn');
export const adminNoteSchema = z
  .object({ name: z.string(), fields: z.record(z.string(), noteValue).nullable(), at: instant })
  .openapi('AdminNote');

/** Null: the party's telephone sent no reports of its own. */
const legQualitySchema = z
  .object({
    leg: z
      .enum(qualityLegs)
      .openapi({ description: '`representative`: who was rung for the caller and answered, of several the last one' }),
    codec: z.string(),
    packetsReceived: z.int(),
    packetsSent: z.int(),
    receivedLossRatio: z.number().openapi({ description: 'Share of the packets that did not reach us' }),
    sentLossRatio: z.number().nullable().openapi({ description: 'Share of ours that did not reach the party' }),
    receivedJitterMs: z.number(),
    sentJitterMs: ms,
    roundTripMs: ms,
    receivedMos: z.number().openapi({ description: 'Mean opinion score by the E-model, 1 to 4.5, of what we heard' }),
    sentMos: z.number().nullable().openapi({ description: 'The same of what the party heard' }),
    measuredAt: instant,
  })
  .openapi('LegQuality');
/** Of a call whose sound was carried, one for each side of it; empty for one that was not answered, or too short for a report. */
export const qualitiesSchema = z.array(legQualitySchema);

const liveCallFields = {
  callId: z.string(),
  agentId: z.string(),
  dialledNumber: z.string(),
  callerNumber: z.string(),
  startedAt: instant,
  answeredAt: instant.nullable(),
  turns: z.int(),
} as const;

export const liveCallSchema = z.object(liveCallFields).openapi('LiveCall');
export const adminLiveCallSchema = z.object({ organizationId: z.string(), ...liveCallFields }).openapi('AdminLiveCall');

/** A call as its organization sees it. */
export function callBody(call: CallSummary) {
  const { organizationId: _organizationId, legId: _legId, recordingPath, ...shown } = call;
  return {
    ...shown,
    startedAt: iso(call.startedAt),
    answeredAt: isoOrNull(call.answeredAt),
    endedAt: isoOrNull(call.endedAt),
    // A file that never appeared is noted as one of no bytes.
    hasRecording: recordingPath !== null && call.recordingBytes !== 0,
  };
}

export function adminCallBody(call: CallSummary) {
  return { organizationId: call.organizationId, legId: call.legId, ...callBody(call) };
}

/** Turns, notes and qualities as the admin sees them. */
export function wordsBody({ turns, notes, qualities }: CallDetails) {
  return {
    quality: qualities.map((leg) => ({ ...leg, measuredAt: iso(leg.measuredAt) })),
    turns: turns.map((turn) => ({ ...turn, startedAt: iso(turn.startedAt), endedAt: iso(turn.endedAt) })),
    notes: notes.map((note) => ({ ...note, at: iso(note.at) })),
  };
}

/** Turns and notes as their organization sees them: everything but the words of a fault, which may name the appliance's own servers. */
export function ownWordsBody(details: CallDetails) {
  const { turns, notes, quality } = wordsBody(details);
  return {
    quality,
    turns: turns.map(({ text, ...turn }) => ({ ...turn, text: text ?? '' })),
    notes: notes.map(({ fields, ...note }) => ({ ...note, fields: note.name === 'model_failed' ? {} : (fields ?? {}) })),
  };
}

export function adminLiveCallBody(call: LiveCallView) {
  return { ...call, startedAt: iso(call.startedAt), answeredAt: isoOrNull(call.answeredAt) };
}

export function liveCallBody(call: LiveCallView) {
  const { organizationId: _organizationId, ...shown } = adminLiveCallBody(call);
  return shown;
}

function iso(at: Date): string {
  return at.toISOString();
}

function isoOrNull(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
