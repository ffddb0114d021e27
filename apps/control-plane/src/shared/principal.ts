// Who a request of the client API acts as: what a token that was presented stands for.
import type { ApiTokenId, OrganizationId } from './id.ts';
import type { GrantableScope } from './permission-scopes.ts';

/** The holder of a token that is good now. */
export type Principal = {
  readonly tokenId: ApiTokenId;
  readonly organizationId: OrganizationId;
  readonly scopes: readonly GrantableScope[];
  readonly expiresAt: Date;
  /** The organization's plan and what it allows. */
  readonly planId: string;
  readonly requestsPerMinute: number;
};
