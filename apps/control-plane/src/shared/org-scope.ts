// The organization that a request or a call may touch. A store function without one does not type-check.
import type { OrganizationId } from './id.ts';

declare const minted: unique symbol;

/** Proof that somebody with the right to do so chose the organization: authentication (a token's, or a signed link's), the routing of a dialled number, or the scope under which a job was left. */
export type OrgScope = { readonly organizationId: OrganizationId; readonly [minted]: true };

/** Mints a scope. Called by authentication, which is that of tokens and that of signed links to recordings, by the routing of a dialled number, and by the claim of a job, whose row names the organization that left it. */
export function mintOrgScope(organizationId: OrganizationId): OrgScope {
  return { organizationId } as OrgScope;
}
