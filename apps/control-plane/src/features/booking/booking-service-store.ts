// Services as rows: what can be booked, and under which names callers ask for it.
import { asc } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { appointments, bookingServices } from '#db/schema/booking.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { BookableService } from '#ports/appointment-book.ts';
import { givenFields } from '#shared/given-fields.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { BookingEditor } from './booking-calendar-store.ts';
import { lockCatalogue } from './catalogue-lock.ts';
import type { BookingRemoval } from './catalogue-rows.ts';
import { countRows, isNameTaken, nameOrder, removeRow, rowOf, rowsAfter } from './catalogue-rows.ts';

/** A service as its organization sees it. */
export type ServiceDetails = BookableService & { readonly active: boolean };
export type ServiceDraft = Omit<ServiceDetails, 'serviceId'>;
/** Some fields of a service. */
export type ServiceChange = { readonly [Key in keyof ServiceDraft]?: ServiceDraft[Key] | undefined };

export type ServiceCreation = { readonly kind: 'saved'; readonly service: ServiceDetails } | { readonly kind: 'name_taken' | 'too_many' };
export type ServiceSaving = { readonly kind: 'saved'; readonly service: ServiceDetails } | { readonly kind: 'name_taken' | 'not_found' };

export type BookingServiceStore = {
  /** By name, at most `limit`, those after the name `after` only. */
  list(scope: OrgScope, page: { limit: number; after: string | null }): Promise<ServiceDetails[]>;
  find(scope: OrgScope, serviceId: string): Promise<ServiceDetails | null>;
  create(by: BookingEditor, draft: ServiceDraft): Promise<ServiceCreation>;
  change(by: BookingEditor, serviceId: string, change: ServiceChange): Promise<ServiceSaving>;
  remove(by: BookingEditor, serviceId: string): Promise<BookingRemoval>;
};

/** More than an agent can tell apart. */
export const MAX_SERVICES = 200;

const columns = {
  serviceId: bookingServices.id,
  name: bookingServices.name,
  synonyms: bookingServices.synonyms,
  minutes: bookingServices.minutes,
  priceText: bookingServices.priceText,
  active: bookingServices.active,
};

type Parts = { readonly database: Database; readonly audit: AuditTrail };

export function createBookingServiceStore(parts: Parts): BookingServiceStore {
  const { database } = parts;
  return {
    list: (scope, { limit, after }) =>
      database.inOrg(scope, (queries) =>
        queries
          .select(columns)
          .from(bookingServices)
          .where(rowsAfter(bookingServices, scope, after))
          .orderBy(asc(nameOrder(bookingServices)))
          .limit(limit),
      ),
    find: (scope, serviceId) => database.inOrg(scope, (queries) => find(queries, scope, serviceId)),
    create: (by, draft) => create(parts, by, draft),
    change: (by, serviceId, change) => saveChange(parts, by, { serviceId, change }),
    remove: (by, serviceId) =>
      removeRow(parts, by, { table: bookingServices, id: serviceId, namedBy: appointments.serviceId, kind: 'booking_service' }),
  };
}

async function find(queries: Queries, scope: OrgScope, serviceId: string): Promise<ServiceDetails | null> {
  const [row] = await queries
    .select(columns)
    .from(bookingServices)
    .where(rowOf(bookingServices, scope, serviceId));
  return row ?? null;
}

function create({ database, audit }: Parts, by: BookingEditor, draft: ServiceDraft): Promise<ServiceCreation> {
  const orgId = by.scope.organizationId;
  return database.inOrg(by.scope, async (queries) => {
    await lockCatalogue(queries, by.scope);
    if ((await countRows(queries, bookingServices, by.scope)) >= MAX_SERVICES) return { kind: 'too_many' };
    if (await isNameTaken(queries, bookingServices, { scope: by.scope, name: draft.name })) return { kind: 'name_taken' };
    const service = { serviceId: newId('bookingService'), ...draft };
    const { serviceId: id, ...fields } = service;
    await queries.insert(bookingServices).values({ orgId, id, ...fields, synonyms: [...fields.synonyms] });
    await audit.append(queries, by, { action: 'booking_service.created', resource: id, details: draft });
    return { kind: 'saved', service };
  });
}

type Change = { readonly serviceId: string; readonly change: ServiceChange };

function saveChange({ database, audit }: Parts, by: BookingEditor, { serviceId, change }: Change): Promise<ServiceSaving> {
  return database.inOrg(by.scope, async (queries) => {
    await lockCatalogue(queries, by.scope);
    const current = await find(queries, by.scope, serviceId);
    if (!current) return { kind: 'not_found' };
    const given = givenFields(change);
    const service: ServiceDetails = { ...current, ...given };
    if (await isNameTaken(queries, bookingServices, { scope: by.scope, name: service.name, besides: serviceId }))
      return { kind: 'name_taken' };
    const { serviceId: _same, ...fields } = service;
    await queries
      .update(bookingServices)
      .set({ ...fields, synonyms: [...fields.synonyms], updatedAt: new Date() })
      .where(rowOf(bookingServices, by.scope, serviceId));
    await audit.append(queries, by, { action: 'booking_service.changed', resource: serviceId, details: given });
    return { kind: 'saved', service };
  });
}
