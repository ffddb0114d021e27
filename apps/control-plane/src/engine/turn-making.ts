// Begins the agent's turns of one call: each with the models, the conversation as it stands, and the call's own signal.
import type { DialogInput, PreparedTurn, PrepareOptions } from '#dialog/dialog.ts';
import { newId } from '#shared/id.ts';
import type { LiveCallParts } from './call-parts.ts';
import type { AgentTurn, CallerTurn } from './call-phase.ts';
import type { GuessParts } from './guess.ts';
import { prepareTurn } from './prepared-turn.ts';
import { Reply } from './reply.ts';
import type { TurnLedger } from './turn-ledger.ts';

/** What answers what. */
export type Answering = { readonly callerTurn: CallerTurn | null; readonly committedAtMs: number };

/** The making of one call's turns. */
export type TurnMaking = {
  /** What a guess works with. */
  readonly guessParts: GuessParts;
  /** Begins to answer `input`. */
  reply(input: DialogInput): Reply;
  /** A reply as a turn of the agent's. */
  turnOf(reply: Reply, answering: Answering): AgentTurn;
  /** Both at once. */
  turn(input: DialogInput, answering: Answering): AgentTurn;
};

type Making = { readonly ledger: TurnLedger } & Pick<GuessParts, 'signal' | 'onTryFailed'>;

export function openTurnMaking(parts: LiveCallParts, { ledger, signal, onTryFailed }: Making): TurnMaking {
  const guessParts: GuessParts = { ...parts, agent: parts.route.agent, signal, onTryFailed };
  const reply = (input: DialogInput): Reply => {
    const { state } = ledger;
    const prepare = (options: Required<PrepareOptions>): PreparedTurn => prepareTurn(parts.dialog, { state, input, ...options });
    return new Reply({ ...guessParts, replyId: newId('reply'), prepare });
  };
  const turnOf: TurnMaking['turnOf'] = (made, answering) => ({
    reply: made,
    from: ledger.state,
    ...answering,
    startedAtMs: null,
    heardAtMs: null,
  });
  return { guessParts, reply, turnOf, turn: (input, answering) => turnOf(reply(input), answering) };
}
