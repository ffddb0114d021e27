// Services that can be booked, over HTTP: configured by the organization itself.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import { assertRemoved, nameTaken, tooMany } from './booking-problems.ts';
import {
  namePositionSchema,
  newServiceSchema,
  serviceChangeSchema,
  servicePageSchema,
  serviceParams,
  serviceSchema,
} from './booking-schemas.ts';
import type { BookingServiceStore, ServiceCreation, ServiceDetails, ServiceSaving } from './booking-service-store.ts';
import { MAX_SERVICES } from './booking-service-store.ts';

/** What the routes of services work with. */
export type BookingServiceRouteParts = { readonly bookingServices: BookingServiceStore; readonly guards: Guards };

export function createBookingServiceRoutes({ bookingServices, guards }: BookingServiceRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(namePositionSchema, cursor)?.name ?? null;
      const rows = await bookingServices.list(context.get('scope'), { limit: limit + 1, after });
      const { page, nextCursor } = toPage(rows, limit, ({ name }) => ({ name }));
      return context.json({ services: page.map(bodyOf), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      return context.json(bodyOf(saved(await bookingServices.create(by, context.req.valid('json')))), 201);
    })
    .openapi(routes.get, async (context) => {
      const found = await bookingServices.find(context.get('scope'), known(context.req.valid('param').serviceId));
      if (!found) throw notFound('service');
      return context.json(bodyOf(found), 200);
    })
    .openapi(routes.change, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const serviceId = known(context.req.valid('param').serviceId);
      return context.json(bodyOf(saved(await bookingServices.change(by, serviceId, context.req.valid('json')))), 200);
    })
    .openapi(routes.remove, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      assertRemoved('service', await bookingServices.remove(by, known(context.req.valid('param').serviceId)));
      return context.body(null, 204);
    });
}

/** The id of one that may exist. */
function known(serviceId: string): string {
  if (!isId('bookingService', serviceId)) throw notFound('service');
  return serviceId;
}

function saved(outcome: ServiceCreation | ServiceSaving): ServiceDetails {
  switch (outcome.kind) {
    case 'saved':
      return outcome.service;
    case 'not_found':
      throw notFound('service');
    case 'name_taken':
      throw nameTaken();
    case 'too_many':
      throw tooMany('services', MAX_SERVICES);
  }
}

function bodyOf(one: ServiceDetails) {
  return { ...one, synonyms: [...one.synonyms] };
}

const tags = ['Booking'];

function declareRoutes(guards: Guards) {
  const read = { scope: 'agent:read' } as const;
  const write = { scope: 'agent:write' } as const;
  const all = { path: '/booking/services', tags } as const;
  const one = { path: '/booking/services/{serviceId}', tags } as const;
  const answer = json('The service', serviceSchema);
  return {
    list: orgRoute(guards, read, {
      ...all,
      method: 'get',
      summary: 'Services that can be booked, by name',
      request: { query: pageQuerySchema },
      responses: { 200: json('A page', servicePageSchema) },
    }),
    create: orgRoute(guards, write, {
      ...all,
      method: 'post',
      summary: 'Add a service',
      request: { body: jsonBody(newServiceSchema) },
      responses: { 201: answer },
    }),
    get: orgRoute(guards, read, {
      ...one,
      method: 'get',
      summary: 'One service',
      request: { params: serviceParams },
      responses: { 200: answer },
    }),
    change: orgRoute(guards, write, {
      ...one,
      method: 'patch',
      summary: 'Change a service',
      description: 'Appointments that exist stay as they are. An inactive one is not offered to callers.',
      request: { params: serviceParams, body: jsonBody(serviceChangeSchema) },
      responses: { 200: answer },
    }),
    remove: orgRoute(guards, write, {
      ...one,
      method: 'delete',
      summary: 'Remove a service that never had an appointment',
      description: 'With appointments, also past ones, it can only be made inactive.',
      request: { params: serviceParams },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}
