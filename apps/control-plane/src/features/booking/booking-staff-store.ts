// Staff as rows: people, or things such as tables, with the services that each of them does.
import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { appointments, bookingServices, bookingStaff, bookingStaffServices } from '#db/schema/booking.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { BookableStaff } from '#ports/appointment-book.ts';
import { givenFields } from '#shared/given-fields.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { BookingEditor } from './booking-calendar-store.ts';
import { lockCatalogue } from './catalogue-lock.ts';
import type { BookingRemoval } from './catalogue-rows.ts';
import { countRows, isNameTaken, nameOrder, removeRow, rowOf, rowsAfter, staffServiceIds } from './catalogue-rows.ts';

/** One of the staff as its organization sees it. */
export type StaffDetails = BookableStaff & { readonly active: boolean };
export type StaffDraft = Omit<StaffDetails, 'staffId'>;
/** Some fields of one of the staff. */
export type StaffChange = { readonly [Key in keyof StaffDraft]?: StaffDraft[Key] | undefined };

type Saved = { readonly kind: 'saved'; readonly staff: StaffDetails };
export type StaffCreation = Saved | { readonly kind: 'name_taken' | 'too_many' | 'unknown_service' };
export type StaffSaving = Saved | { readonly kind: 'name_taken' | 'not_found' | 'unknown_service' };

export type BookingStaffStore = {
  /** By name, at most `limit`, those after the name `after` only. */
  list(scope: OrgScope, page: { limit: number; after: string | null }): Promise<StaffDetails[]>;
  find(scope: OrgScope, staffId: string): Promise<StaffDetails | null>;
  create(by: BookingEditor, draft: StaffDraft): Promise<StaffCreation>;
  change(by: BookingEditor, staffId: string, change: StaffChange): Promise<StaffSaving>;
  remove(by: BookingEditor, staffId: string): Promise<BookingRemoval>;
};

/** Each search looks at the appointments of all of them. */
export const MAX_STAFF = 200;

const columns = {
  staffId: bookingStaff.id,
  name: bookingStaff.name,
  active: bookingStaff.active,
  serviceIds: staffServiceIds(),
};

type Parts = { readonly database: Database; readonly audit: AuditTrail };

export function createBookingStaffStore(parts: Parts): BookingStaffStore {
  const { database } = parts;
  return {
    list: (scope, { limit, after }) =>
      database.inOrg(scope, (queries) =>
        queries
          .select(columns)
          .from(bookingStaff)
          .where(rowsAfter(bookingStaff, scope, after))
          .orderBy(asc(nameOrder(bookingStaff)))
          .limit(limit),
      ),
    find: (scope, staffId) => database.inOrg(scope, (queries) => find(queries, scope, staffId)),
    create: (by, draft) => create(parts, by, draft),
    change: (by, staffId, change) => saveChange(parts, by, { staffId, change }),
    remove: (by, staffId) =>
      removeRow(parts, by, { table: bookingStaff, id: staffId, namedBy: appointments.staffId, kind: 'booking_staff' }),
  };
}

async function find(queries: Queries, scope: OrgScope, staffId: string): Promise<StaffDetails | null> {
  const [row] = await queries
    .select(columns)
    .from(bookingStaff)
    .where(rowOf(bookingStaff, scope, staffId));
  return row ?? null;
}

function create({ database, audit }: Parts, by: BookingEditor, draft: StaffDraft): Promise<StaffCreation> {
  const orgId = by.scope.organizationId;
  return database.inOrg(by.scope, async (queries) => {
    await lockCatalogue(queries, by.scope);
    if ((await countRows(queries, bookingStaff, by.scope)) >= MAX_STAFF) return { kind: 'too_many' };
    if (await isNameTaken(queries, bookingStaff, { scope: by.scope, name: draft.name })) return { kind: 'name_taken' };
    if (!(await holdsServices(queries, by.scope, draft.serviceIds))) return { kind: 'unknown_service' };
    const staff = { staffId: newId('bookingStaff'), ...draft, serviceIds: distinct(draft.serviceIds) };
    await queries.insert(bookingStaff).values({ orgId, id: staff.staffId, name: draft.name, active: draft.active });
    await giveServices(queries, by.scope, staff);
    await audit.append(queries, by, { action: 'booking_staff.created', resource: staff.staffId, details: draft });
    return { kind: 'saved', staff };
  });
}

type Change = { readonly staffId: string; readonly change: StaffChange };

function saveChange({ database, audit }: Parts, by: BookingEditor, { staffId, change }: Change): Promise<StaffSaving> {
  return database.inOrg(by.scope, async (queries) => {
    await lockCatalogue(queries, by.scope);
    const current = await find(queries, by.scope, staffId);
    if (!current) return { kind: 'not_found' };
    const given = givenFields(change);
    const merged: StaffDetails = { ...current, ...given };
    const staff = { ...merged, serviceIds: distinct(merged.serviceIds) };
    if (await isNameTaken(queries, bookingStaff, { scope: by.scope, name: staff.name, besides: staffId })) return { kind: 'name_taken' };
    if (change.serviceIds && !(await holdsServices(queries, by.scope, change.serviceIds))) return { kind: 'unknown_service' };
    const { name, active } = staff;
    await queries
      .update(bookingStaff)
      .set({ name, active, updatedAt: new Date() })
      .where(rowOf(bookingStaff, by.scope, staffId));
    if (change.serviceIds) {
      const ofStaff = and(eq(bookingStaffServices.orgId, by.scope.organizationId), eq(bookingStaffServices.staffId, staffId));
      await queries.delete(bookingStaffServices).where(ofStaff);
      await giveServices(queries, by.scope, staff);
    }
    await audit.append(queries, by, { action: 'booking_staff.changed', resource: staffId, details: given });
    return { kind: 'saved', staff };
  });
}

async function holdsServices(queries: Queries, { organizationId }: OrgScope, serviceIds: readonly string[]): Promise<boolean> {
  const wanted = distinct(serviceIds);
  if (wanted.length === 0) return true;
  const known = and(eq(bookingServices.orgId, organizationId), inArray(bookingServices.id, wanted));
  return (await queries.select({ id: bookingServices.id }).from(bookingServices).where(known)).length === wanted.length;
}

async function giveServices(queries: Queries, { organizationId }: OrgScope, { staffId, serviceIds }: BookableStaff): Promise<void> {
  const rows = serviceIds.map((serviceId) => ({ orgId: organizationId, staffId, serviceId }));
  if (rows.length > 0) await queries.insert(bookingStaffServices).values(rows);
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].toSorted();
}
