// What a call's phase means for its sound.
import { nextStepOf } from './call-phase.ts';
import type { AgentTurn, Phase } from './call-phase.ts';
import type { Reply } from './reply.ts';

/** Whether the caller's voice may cut what is being said: not the last words before something happens. */
export function canInterrupt(phase: Phase): boolean {
  return phase.kind !== 'replying' || nextStepOf(phase.turn).kind === 'listen';
}

/** Whether caller and agent talk with each other, or are about to: the call needs its sound, and a new one while it is being answered too. */
export function needsSound({ kind }: Phase): boolean {
  return kind === 'setting_up' || kind === 'listening' || kind === 'thinking' || kind === 'replying';
}

/** What is played, and from where on, when the sound came back after a break; `heardSamples` were heard of what was played before it. */
export function goneOnWith({ reply, startedAtMs }: AgentTurn, heardSamples: number): [reply: Reply, from: number] {
  return [reply, startedAtMs === null ? 0 : heardSamples];
}
