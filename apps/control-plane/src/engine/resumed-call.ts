// Where a call stood when the process that served it died, as the one that goes on with it needs it.
import type { ConversationState } from '#dialog/dialog.ts';
import type { NextStep } from '#dialog/next-step.ts';
import type { SurvivingLeg } from '#ports/call-control.ts';
import type { OpenCall } from '#ports/open-calls.ts';
import { PARDON_AFTER_MS } from './limits.ts';

/** A call to go on with. */
export type ResumedCall = {
  /** Null: nothing had been said; the caller is greeted. */
  readonly state: ConversationState | null;
  /** What the last turn led to. */
  readonly nextStep: NextStep;
  readonly isAnswered: boolean;
  /** How long ago the call was answered, ms. */
  readonly answeredForMs: number;
  /** What the caller hears first; null: nothing. */
  readonly words: Int16Array | null;
};

/** What `resumedCall` looks at. `begin` is the agent's conversation before its first word: what a later release added is at its beginning there. */
export type ResumedFrom = {
  readonly call: OpenCall;
  readonly survivor: Pick<SurvivingLeg, 'isAnswered' | 'gapMs' | 'hasApologised'>;
  readonly begin: ConversationState;
  readonly isNode: (node: string) => boolean;
  readonly words: Int16Array | null;
  readonly nowAt: Date;
};

/** The call as it goes on. A node that its agent no longer has is replaced by the first one: what was understood is kept. */
export function resumedCall({ call, survivor, begin, isNode, words, nowAt }: ResumedFrom): ResumedCall {
  const { stand } = call;
  const stored = stand === null ? null : ({ ...begin, ...stand.state } as ConversationState);
  const state = stored === null || isNode(stored.node) ? stored : { ...stored, node: begin.node };
  // Nobody measured a silence: it was there. And who was cut off in the middle of an answer needs a word, however short it was.
  const isPardonDue = survivor.gapMs === null || survivor.gapMs > PARDON_AFTER_MS || stand?.isAnswerHeard === false;
  return {
    state,
    nextStep: stand?.nextStep ?? { kind: 'listen' },
    isAnswered: survivor.isAnswered,
    answeredForMs: Math.max(0, nowAt.getTime() - (call.answeredAt ?? call.startedAt).getTime()),
    words: isPardonDue && !survivor.hasApologised ? words : null,
  };
}
