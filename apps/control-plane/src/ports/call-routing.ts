// Which organization's agent answers a dialled number.
import type { OrgScope } from '#shared/org-scope.ts';
import type { AgentProfile } from './agent-profile.ts';

/** What becomes of a call that there is no room for, or whose agent cannot go on. */
export type OverloadWish = {
  /** `refuse`: to its network; `queue`: held with music until there is room; `fallback`: `destination` is rung. */
  readonly choice: 'refuse' | 'queue' | 'fallback';
  /** Extension of the organization; null: there is nobody. */
  readonly destination: string | null;
  /** The longest that a caller is held. */
  readonly maxWaitMs: number;
  /** A caller who is held is told his place in the organization's line when he joins it, and then this often, changed or not; null or absent: never. */
  readonly tellPositionEveryMs?: number | null;
};

/** The answer: whose call it is and who takes it. */
export type CallRoute = {
  readonly scope: OrgScope;
  /** Part of the names of the organization's phones. */
  readonly organizationSlug: string;
  /** Calls that the organization's plan allows at once. */
  readonly concurrentCalls: number;
  /** What the organization wants for calls that no agent can take; absent: refused. */
  readonly overload?: OverloadWish;
  readonly agent: AgentProfile;
};

/** The routing table. One of the two places that mint an `OrgScope`. */
export type CallRouting = {
  /** Null when nobody owns the number or its organization or agent is inactive. */
  findRoute(dialledNumber: string, options: { signal: AbortSignal }): Promise<CallRoute | null>;
};
