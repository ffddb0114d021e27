// Who may touch which rows: the two database roles and the policies that every table of an organization carries.
import { sql } from 'drizzle-orm';
import { pgPolicy, pgRole } from 'drizzle-orm/pg-core';

/** Works for one organization at a time; owns nothing and bypasses nothing. */
export const applicationRole = pgRole('centralita_app').existing();
/** Works for the appliance's admin across organizations; entered only by `Database.inAppliance`. */
export const adminRole = pgRole('centralita_admin').existing();

/** The organization of the transaction. `nullif`: after a commit the setting is '' rather than NULL, which must match nothing. */
const currentOrganization = sql`(select nullif(current_setting('app.org_id', true), ''))`;

/** What the admin role may do with a table across organizations. */
export type AdminAccess = 'all' | 'select';

/** The policies of a table whose column `column` names its organization. FORCE follows in a custom migration. */
export function organizationPolicies(admin: AdminAccess, column = 'org_id') {
  const own = sql`${sql.identifier(column)} = ${currentOrganization}`;
  return [
    pgPolicy('own_organization', { for: 'all', to: applicationRole, using: own, withCheck: own }),
    admin === 'all'
      ? pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` })
      : pgPolicy('appliance_admin', { for: 'select', to: adminRole, using: sql`true` }),
  ];
}
