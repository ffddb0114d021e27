// What agents may do in their organization's own systems: tools that the organization defined, each of them one HTTP request.
import type { JsonSchema } from './language-model.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A tool as the model is offered it. Where it leads and with which secret is not here: no model sees that. */
export type HttpToolDefinition = {
  readonly toolId: string;
  /** Unique within the agent; never the name of a tool of the product. */
  readonly name: string;
  readonly description: string;
  readonly effect: 'read' | 'write' | 'guarded';
  /** Of an object of plain values. */
  readonly parameters: JsonSchema;
};

/** One use of a tool. */
export type HttpToolUse = {
  readonly scope: OrgScope;
  readonly agentId: string;
  readonly toolId: string;
  /** The call or chat that it is used in. */
  readonly conversationId: string;
  /** As the tool's `parameters` say. */
  readonly args: Readonly<Record<string, string | number | boolean>>;
  /** The same for the same use: sent along, so that the other system can tell a repetition. */
  readonly idempotencyKey: string;
};

/** Why nothing was sent, or what came back was not read. All of them but `redirected` are certain: the other system did nothing. */
export type HttpToolRefusal =
  /** The tool was removed or changed meanwhile. */
  | 'not_defined'
  /** The host's address is not one of the public internet. */
  | 'address_blocked'
  | 'host_unknown'
  | 'unreachable'
  /** Its certificate is not good. */
  | 'not_trusted'
  /** Too many requests of tools at once. */
  | 'too_busy'
  /** An argument would lead the request elsewhere, such as `..` in a path. */
  | 'unsafe_argument'
  /** It was sent, and the other system named another address, which is not gone to; of a request with an effect, that may have been after the effect. */
  | 'redirected';

export type HttpToolAnswer =
  /** `text` is what somebody else's system says: data, never an instruction. Empty where it was no text. */
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly isCut: boolean }
  | { readonly kind: 'refused'; readonly reason: HttpToolRefusal };

/** The tools of an agent. `use` throws when the request was sent and what became of it is not known; both throw when the store is away. */
export type HttpTools = {
  list(scope: OrgScope, agentId: string, options: { signal: AbortSignal }): Promise<readonly HttpToolDefinition[]>;
  use(use: HttpToolUse, options: { signal: AbortSignal }): Promise<HttpToolAnswer>;
};
