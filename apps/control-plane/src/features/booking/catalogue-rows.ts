// What services and staff have in common as rows: a name that stands once in an organization, pages by name, a number that has a limit, and
// appointments that keep a row from going.
import { and, count, eq, gt, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Database, Queries } from '#db/client.ts';
import type { bookingServices, bookingStaff } from '#db/schema/booking.ts';
import { appointments } from '#db/schema/booking.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { BookingEditor } from './booking-calendar-store.ts';
import { lockCatalogue } from './catalogue-lock.ts';

type CatalogueTable = typeof bookingServices | typeof bookingStaff;

/** `in_use`: there are appointments of it, also past ones; it can be made inactive. */
export type BookingRemoval = 'removed' | 'in_use' | 'not_found';

/** Rows are listed by it, and stand in it once: names that differ in case alone are one. */
export function nameOrder(table: CatalogueTable) {
  return sql`lower(${table.name})`;
}

/** The services that somebody of the staff does. */
export function staffServiceIds() {
  // Spelled out: in a select of one table drizzle leaves out its name, and these would be the inner table's columns.
  return sql<string[]>`array(select s.service_id from booking_staff_services s
    where s.org_id = booking_staff.org_id and s.staff_id = booking_staff.id order by 1)`;
}

/** The organization's rows, from the name `after` on; all of them when it is null. */
export function rowsAfter(table: CatalogueTable, { organizationId }: OrgScope, after: string | null) {
  return and(eq(table.orgId, organizationId), after === null ? undefined : gt(nameOrder(table), sql`lower(${after})`));
}

/** The one row of that id. */
export function rowOf(table: CatalogueTable, { organizationId }: OrgScope, id: string) {
  return and(eq(table.orgId, organizationId), eq(table.id, id));
}

/** How many rows the organization has. Under the catalogue's lock it stays so until the transaction ends. */
export async function countRows(queries: Queries, table: CatalogueTable, { organizationId }: OrgScope): Promise<number> {
  const [held] = await queries.select({ rows: count() }).from(table).where(eq(table.orgId, organizationId));
  return held?.rows ?? 0;
}

/** Whether a row other than `besides` has the name. */
export async function isNameTaken(
  queries: Queries,
  table: CatalogueTable,
  { scope, name, besides = '' }: { readonly scope: OrgScope; readonly name: string; readonly besides?: string },
): Promise<boolean> {
  const sameName = and(eq(table.orgId, scope.organizationId), sql`${nameOrder(table)} = lower(${name})`);
  const holders = await queries.select({ id: table.id }).from(table).where(sameName);
  return holders.some(({ id }) => id !== besides);
}

type Removal = {
  readonly table: CatalogueTable;
  readonly id: string;
  /** Where appointments name it. */
  readonly namedBy: AnyPgColumn<{ data: string }>;
  readonly kind: 'booking_service' | 'booking_staff';
};

/** Removes the row of that id, unless there are appointments of it. */
export function removeRow(
  { database, audit }: { readonly database: Database; readonly audit: AuditTrail },
  by: BookingEditor,
  { table, id, namedBy, kind }: Removal,
): Promise<BookingRemoval> {
  return database.inOrg(by.scope, async (queries) => {
    await lockCatalogue(queries, by.scope);
    const [current] = await queries
      .select({ name: table.name })
      .from(table)
      .where(rowOf(table, by.scope, id));
    if (!current) return 'not_found';
    if (await hasAppointments(queries, namedBy, { scope: by.scope, id })) return 'in_use';
    await queries.delete(table).where(rowOf(table, by.scope, id));
    await audit.append(queries, by, { action: `${kind}.removed`, resource: id, details: { name: current.name } });
    return 'removed';
  });
}

/** Whether there are appointments, also past ones, that name the id in `column`. */
async function hasAppointments(
  queries: Queries,
  column: AnyPgColumn<{ data: string }>,
  { scope, id }: { readonly scope: OrgScope; readonly id: string },
): Promise<boolean> {
  const naming = and(eq(appointments.orgId, scope.organizationId), eq(column, id));
  return (await queries.select({ id: appointments.id }).from(appointments).where(naming).limit(1)).length > 0;
}
