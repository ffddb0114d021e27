// The organization that a request or a call may touch. A store function without one does not type-check.
import type { OrganizationId } from './id.ts';

declare const minted: unique symbol;

/** Proof that somebody with the right to do so chose the organization: authentication (a token's, or a signed link's), the routing of a dialled number, the scope under which a job was left, or that of a call which this appliance had begun before it crashed. */
export type OrgScope = { readonly organizationId: OrganizationId; readonly [minted]: true };

/** Mints a scope. Called by authentication, which is that of tokens and that of signed links to recordings, by the routing of a dialled number, by the claim of a job, whose row names the organization that left it, and after a crash by the reading of open calls and of their events on the local disk. */
export function mintOrgScope(organizationId: OrganizationId): OrgScope {
  return { organizationId } as OrgScope;
}
