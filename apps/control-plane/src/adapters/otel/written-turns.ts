// The turns in writing that are being answered, each with its span: what their tools are told, and what is sent when they end.
import { randomBytes } from 'node:crypto';
import type { TracedTurn, Traces } from '#ports/traces.ts';
import { readTraceParent, writeTraceParent } from '#shared/trace-parent.ts';
import { plain } from './span-node.ts';
import type { SpanNode } from './span-node.ts';
import { isSampled, traceNamesOf } from './trace-names.ts';

/** A span that has its names already, because others were told them. */
export type NamedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  /** The span of whoever asked; null: the trace begins here. */
  readonly parentSpanId: string | null;
  readonly node: SpanNode;
};

export type WrittenTurnsOptions = {
  /** Share of the turns that are sent where the request said nothing and nothing went wrong. */
  readonly ratio: number;
  readonly send: (span: NamedSpan) => void;
};

/** Turns are claimed one at a time for each conversation, and a process answers as many as it has requests: no more are ever open. */
export function openWrittenTurns({ ratio, send }: WrittenTurnsOptions): Traces {
  const open = new Map<string, string>();
  return {
    traceParentOf(conversationId) {
      const turn = open.get(conversationId);
      if (turn !== undefined) return turn;
      if (!conversationId.startsWith('call_')) return null;
      const names = traceNamesOf(conversationId);
      return writeTraceParent({ traceId: names.traceId, spanId: names.rootSpanId, isSampled: isSampled(names, ratio) });
    },
    beginTurn(turn) {
      const fromMs = Date.now();
      const parent = turn.traceParent === null ? null : readTraceParent(turn.traceParent);
      const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
      const spanId = randomBytes(8).toString('hex');
      const isKept = parent?.isSampled ?? isSampled({ traceId }, ratio);
      const own = writeTraceParent({ traceId, spanId, isSampled: isKept });
      open.set(turn.conversationId, own);
      return {
        end(error) {
          if (open.get(turn.conversationId) === own) open.delete(turn.conversationId);
          if (!isKept && error === null) return;
          const node = plain('chat_turn', { fromMs, toMs: Date.now() }, { error, fields: fieldsOf(turn) });
          send({ traceId, spanId, parentSpanId: parent?.spanId ?? null, node });
        },
      };
    },
  };
}

function fieldsOf({ conversationId, organizationId, agentId }: TracedTurn): SpanNode['fields'] {
  return {
    'centralita.conversation_id': conversationId,
    'centralita.organization_id': organizationId,
    'centralita.agent_id': agentId,
  };
}
