// The organization that a request or a call may touch. A store function without one does not type-check.
import type { OrganizationId } from './id.ts';

declare const minted: unique symbol;

/** Proof that somebody with the right to do so chose the organization: authentication (a token's, or a signed link's), or the routing of a dialled number. */
export type OrgScope = { readonly organizationId: OrganizationId; readonly [minted]: true };

/** Mints a scope. Called by authentication, which is that of tokens and that of signed links to recordings, and by the routing of a dialled number. */
export function mintOrgScope(organizationId: OrganizationId): OrgScope {
  return { organizationId } as OrgScope;
}
