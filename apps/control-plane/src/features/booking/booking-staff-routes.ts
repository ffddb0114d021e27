// Who attends, or what is taken up, over HTTP: configured by the organization itself.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { notFound, unprocessable } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import { assertRemoved, nameTaken, tooMany } from './booking-problems.ts';
import { namePositionSchema, newStaffSchema, staffChangeSchema, staffPageSchema, staffParams, staffSchema } from './booking-schemas.ts';
import type { BookingStaffStore, StaffCreation, StaffDetails, StaffSaving } from './booking-staff-store.ts';
import { MAX_STAFF } from './booking-staff-store.ts';

/** What the routes of staff work with. */
export type BookingStaffRouteParts = { readonly bookingStaff: BookingStaffStore; readonly guards: Guards };

export function createBookingStaffRoutes({ bookingStaff, guards }: BookingStaffRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(namePositionSchema, cursor)?.name ?? null;
      const rows = await bookingStaff.list(context.get('scope'), { limit: limit + 1, after });
      const { page, nextCursor } = toPage(rows, limit, ({ name }) => ({ name }));
      return context.json({ staff: page.map(bodyOf), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      return context.json(bodyOf(saved(await bookingStaff.create(by, context.req.valid('json')))), 201);
    })
    .openapi(routes.get, async (context) => {
      const found = await bookingStaff.find(context.get('scope'), known(context.req.valid('param').staffId));
      if (!found) throw notFound('member of staff');
      return context.json(bodyOf(found), 200);
    })
    .openapi(routes.change, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const staffId = known(context.req.valid('param').staffId);
      return context.json(bodyOf(saved(await bookingStaff.change(by, staffId, context.req.valid('json')))), 200);
    })
    .openapi(routes.remove, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      assertRemoved('member of staff', await bookingStaff.remove(by, known(context.req.valid('param').staffId)));
      return context.body(null, 204);
    });
}

/** The id of one that may exist. */
function known(staffId: string): string {
  if (!isId('bookingStaff', staffId)) throw notFound('member of staff');
  return staffId;
}

function saved(outcome: StaffCreation | StaffSaving): StaffDetails {
  switch (outcome.kind) {
    case 'saved':
      return outcome.staff;
    case 'not_found':
      throw notFound('member of staff');
    case 'name_taken':
      throw nameTaken();
    case 'too_many':
      throw tooMany('staff', MAX_STAFF);
    case 'unknown_service':
      throw unprocessable('serviceIds', 'the organization has no such service');
  }
}

function bodyOf(one: StaffDetails) {
  return { ...one, serviceIds: [...one.serviceIds] };
}

const tags = ['Booking'];

function declareRoutes(guards: Guards) {
  const read = { scope: 'agent:read' } as const;
  const write = { scope: 'agent:write' } as const;
  const all = { path: '/booking/staff', tags } as const;
  const one = { path: '/booking/staff/{staffId}', tags } as const;
  const answer = json('The member of staff', staffSchema);
  return {
    list: orgRoute(guards, read, {
      ...all,
      method: 'get',
      summary: 'Staff that takes appointments, by name',
      request: { query: pageQuerySchema },
      responses: { 200: json('A page', staffPageSchema) },
    }),
    create: orgRoute(guards, write, {
      ...all,
      method: 'post',
      summary: 'Add a member of staff',
      request: { body: jsonBody(newStaffSchema) },
      responses: { 201: answer },
    }),
    get: orgRoute(guards, read, {
      ...one,
      method: 'get',
      summary: 'One member of staff',
      request: { params: staffParams },
      responses: { 200: answer },
    }),
    change: orgRoute(guards, write, {
      ...one,
      method: 'patch',
      summary: 'Change a member of staff',
      description: 'Appointments that exist stay as they are. An inactive one is not offered to callers.',
      request: { params: staffParams, body: jsonBody(staffChangeSchema) },
      responses: { 200: answer },
    }),
    remove: orgRoute(guards, write, {
      ...one,
      method: 'delete',
      summary: 'Remove a member of staff that never had an appointment',
      description: 'With appointments, also past ones, it can only be made inactive.',
      request: { params: staffParams },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}
