// Which trace a request belongs to: taken over from whoever asks us and given to whom we ask, as W3C Trace Context has it.

/** A message in writing that is being answered. */
export type TracedTurn = {
  readonly conversationId: string;
  readonly organizationId: string;
  readonly agentId: string;
  /** `traceparent` of the request that it came with; null: none. One that is not well formed counts as none. */
  readonly traceParent: string | null;
};

/** The traces of this process, where an operator wants them. */
export type Traces = {
  /** `traceparent` for a request that is made for a conversation: of its call, or of the turn that is being answered; null: it belongs to no trace. */
  traceParentOf(conversationId: string): string | null;
  /** Begins the span of a turn in writing; its `end` takes what went wrong, in a word of ours, or null. */
  beginTurn(turn: TracedTurn): { end(error: string | null): void };
};
