// Which organization's agent answers a dialled number.
import type { OrgScope } from '#shared/org-scope.ts';
import type { AgentProfile } from './agent-profile.ts';

/** The answer: whose call it is and who takes it. */
export type CallRoute = {
  readonly scope: OrgScope;
  /** Part of the names of the organization's phones. */
  readonly organizationSlug: string;
  /** Calls that the organization's plan allows at once. */
  readonly concurrentCalls: number;
  readonly agent: AgentProfile;
};

/** The routing table. One of the two places that mint an `OrgScope`. */
export type CallRouting = {
  /** Null when nobody owns the number or its organization or agent is inactive. */
  findRoute(dialledNumber: string, options: { signal: AbortSignal }): Promise<CallRoute | null>;
};
