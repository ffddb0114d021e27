// What two demo clinics may differ in, and what they share.
import type { AgentProfile, ConversationSettings } from '#ports/agent-profile.ts';

/** An agent before it is stored and gets its id. */
export type ClinicAgent = Omit<AgentProfile, 'agentId'>;

/** A demo clinic: its name as it is spoken, who answers for it, and optionally another voice or other opening hours. */
export type ClinicOptions = {
  readonly organizationName: string;
  /** Extension of the phone that rings when a caller asks for a person, e.g. `2001`. */
  readonly destination: string;
  readonly voice?: string;
  /** The sentence that tells the opening hours. */
  readonly openingHours?: string;
  /** How long a person's telephone rings, ms; 20 s when not given: five rings. */
  readonly ringMs?: number;
};

export const CLINIC_RING_MS = 20_000;

/** Middle of the allowed pauses; a caller who looks for words at a reception needs no more than half a second. */
export const CLINIC_CONVERSATION: ConversationSettings = {
  candidatePauseMs: 250,
  commitPauseMs: 500,
  bargeIn: true,
  bargeInSpeechMs: 300,
  noInputMs: 6_000,
  noInputPrompts: 2,
  maxCallMs: 600_000,
};
