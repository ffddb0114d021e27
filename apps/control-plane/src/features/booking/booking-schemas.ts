// How services and staff look on the wire.
import { z } from '@hono/zod-openapi';
import { MAX_SERVICES } from './booking-service-store.ts';

const NAME_CHARACTERS = 100;
const MAX_SYNONYMS = 30;

const name = z.string().trim().min(1).max(NAME_CHARACTERS);
const active = z.boolean().openapi({ description: 'Whether it can be booked anew' });

const serviceFields = {
  name: name.openapi({ example: 'Limpieza facial' }),
  synonyms: z.array(name).max(MAX_SYNONYMS).openapi({ description: 'What callers also call it' }),
  minutes: z.int().min(5).max(1_440).openapi({ description: 'How long it takes' }),
  priceText: z.string().trim().min(1).max(NAME_CHARACTERS).nullable().openapi({
    description: 'As callers are told it, such as "40 euros"; null to tell none',
  }),
  active,
};
/** Defaults stand here and not in the fields: a change that leaves a field out must not set it. */
export const newServiceSchema = z
  .strictObject({
    ...serviceFields,
    synonyms: serviceFields.synonyms.default([]),
    priceText: serviceFields.priceText.default(null),
    active: active.default(true),
  })
  .openapi('NewBookingService');
export const serviceChangeSchema = z.strictObject(serviceFields).partial().openapi('BookingServiceChange');
export const serviceSchema = z.object({ serviceId: z.string(), ...serviceFields }).openapi('BookingService');
export const servicePageSchema = z.object({ services: z.array(serviceSchema), nextCursor: z.string().nullable() });
export const serviceParams = z.object({ serviceId: z.string().max(100) });

const staffFields = {
  name: name.openapi({ description: 'A person, or a thing such as a table: it has one appointment at a time', example: 'Ana' }),
  serviceIds: z
    .array(z.string().max(100))
    .max(MAX_SERVICES)
    .refine((ids) => new Set(ids).size === ids.length, 'must name each service once')
    .openapi({ description: 'The services that it does' }),
  active,
};
export const newStaffSchema = z.strictObject({ ...staffFields, active: active.default(true) }).openapi('NewBookingStaff');
export const staffChangeSchema = z.strictObject(staffFields).partial().openapi('BookingStaffChange');
export const staffSchema = z.object({ staffId: z.string(), ...staffFields }).openapi('BookingStaff');
export const staffPageSchema = z.object({ staff: z.array(staffSchema), nextCursor: z.string().nullable() });
export const staffParams = z.object({ staffId: z.string().max(100) });

/** Where a page of either ends. */
export const namePositionSchema = z.strictObject({ name: z.string().max(NAME_CHARACTERS) });
