// The two statements of every message, each one write to the server: with a transaction of five round trips a busy machine took ten times as long.
import type { BoundRead } from '#db/prepared-read.ts';
import type { ConversationState } from '#dialog/dialog.ts';
import { storable } from '#shared/storable.ts';

/** A chat's row as its claim returns it. JSON and instants come as text: both drivers read those alike. */
export type ClaimedRow = {
  readonly agentId: string;
  readonly agentVersion: number;
  readonly turns: number;
  readonly nextStep: string;
  readonly channelData: string | null;
  readonly state: string | null;
  readonly claim: string;
};

const CLAIM = `update conversations set claimed_until = now() + make_interval(secs => $4::int)
  where org_id = $1 and id = $2 and channel = 'chat' and (claimed_until is null or claimed_until < now())
  returning agent_id, agent_version, turns, next_step::text, channel_data::text,
    case when turns = $3::int and jsonb_array_length(state->'history') = $5::int then null else state::text end, claimed_until::text`;

/**
 * Holds a chat for `claimS` seconds unless somebody else does. The state is left out when it is the one that is known: after as many turns, with
 * as many of them kept in words. A summary that takes the place of some is made between two messages.
 */
export function claimStatement(of: {
  orgId: string;
  id: string;
  known: { readonly turns: number; readonly state: ConversationState } | null;
  claimS: number;
}): BoundRead<ClaimedRow> {
  return {
    text: CLAIM,
    values: [of.orgId, of.id, of.known?.turns ?? -1, of.claimS, of.known?.state.history.length ?? -1],
    toRow([agentId, agentVersion, turns, nextStep, channelData, state, claim]) {
      return { agentId, agentVersion, turns, nextStep, channelData, state, claim } as ClaimedRow;
    },
  };
}

/** Turns and trace of the conversation that `held` wrote. */
const WRITE_TURNS = `said as (
    insert into conversation_turns (org_id, conversation_id, seq, role, text, input, at)
    select held.org_id, held.id, said.seq, said.role, said.text, said.input, said.at
    from held, json_to_recordset($3::text::json) as said (seq int, role text, text text, input text, at timestamptz)
  ), traced as (
    insert into turn_traces (org_id, conversation_id, seq, trace) select org_id, id, $4::int, $5::text::jsonb from held
  )
  select id from held`;

/** What both ways to write a message's turns have in common. */
export type WrittenTurns = {
  readonly orgId: string;
  readonly id: string;
  readonly turns: readonly object[];
  readonly lastSeq: number;
  readonly report: object;
  readonly state: object;
  readonly nextStep: object;
};

const COMMIT = `with held as (
    update conversations set state = $6::text::jsonb, next_step = $7::text::jsonb, turns = $8::int, claimed_until = null, updated_at = now()
    where org_id = $1 and id = $2 and channel = 'chat' and turns = $9::int and claimed_until = $10::text::timestamptz
    returning org_id, id
  ), ${WRITE_TURNS}`;

/** Writes a message's turns if the chat is still held. One row when it was, none when not. */
export function commitStatement(written: WrittenTurns, held: { turns: number; claim: string }): BoundRead<unknown> {
  return bound(COMMIT, [...valuesOf(written), held.turns + written.turns.length, held.turns, held.claim]);
}

// The agent is locked: it is not removed before the chat that names it is there.
const CREATE = `with agent as (
    select org_id, id from agents where org_id = $1 and id = $8 for key share
  ), held as (
    insert into conversations (org_id, id, channel, agent_id, agent_version, state, next_step, channel_data, turns)
    select org_id, $2, 'chat', id, $9::int, $6::text::jsonb, $7::text::jsonb, $10::text::jsonb, $11::int from agent
    returning org_id, id
  ), ${WRITE_TURNS}`;

/** Writes a chat with its first turns if its agent is there. One row when it was, none when not. */
export function createStatement(
  written: WrittenTurns,
  chat: { agentId: string; agentVersion: number; channelData: object },
): BoundRead<unknown> {
  const { agentId, agentVersion, channelData } = chat;
  return bound(CREATE, [...valuesOf(written), agentId, agentVersion, JSON.stringify(channelData), written.turns.length]);
}

function valuesOf({ orgId, id, turns, lastSeq, report, state, nextStep }: WrittenTurns) {
  const json = (value: unknown): string => JSON.stringify(storable(value));
  return [orgId, id, json(turns), lastSeq, json(report), json(state), json(nextStep)];
}

function bound(text: string, values: BoundRead<unknown>['values']): BoundRead<unknown> {
  return { text, values, toRow: ([id]) => id };
}
