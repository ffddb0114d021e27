// Proof that somebody acts for the whole appliance: its admin, or the process itself at start.
import type { OrganizationId } from './id.ts';
import type { OrgScope } from './org-scope.ts';

declare const minted: unique symbol;
declare const narrowed: unique symbol;

/** The right to see every organization's rows. A store function says by its type whether it accepts one. */
export type ApplianceScope = { readonly kind: 'appliance'; readonly [minted]: true };

/** The appliance's admin at work on one organization. */
export type AdminOrgScope = { readonly kind: 'appliance'; readonly organizationId: OrganizationId; readonly [narrowed]: true };

/** One organization, whoever works on it: what a store function takes when both its owner and the admin may call it. */
export type OneOrganization = OrgScope | AdminOrgScope;

/** Mints a scope. Called by the admin key's check, by the start of the process and by the commands of the box. */
export function mintApplianceScope(): ApplianceScope {
  return { kind: 'appliance' } as ApplianceScope;
}

/** Narrows the admin's right to one organization, so that the stores of its owner serve the admin too. Says nothing of its existence. */
export function onOrganization(_scope: ApplianceScope, organizationId: OrganizationId): AdminOrgScope {
  return { kind: 'appliance', organizationId } as AdminOrgScope;
}
