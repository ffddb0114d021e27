// What an organization's callers can book, when it is open, who attends, and the appointments themselves.
import { sql } from 'drizzle-orm';
import { boolean, check, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Opening hours and how they are cut into appointments: one row of an organization, none before they are configured. */
export const bookingCalendars = pgTable(
  'booking_calendars',
  {
    orgId: text('org_id')
      .primaryKey()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    /** IANA name. */
    timeZone: text('time_zone').notNull(),
    slotMinutes: integer('slot_minutes').notNull(),
    minNoticeMinutes: integer('min_notice_minutes').notNull(),
    maxDaysAhead: integer('max_days_ahead').notNull(),
    holdMinutes: integer('hold_minutes').notNull(),
    /** Weekly spans and exceptions; parsed by the store on the way in and on the way out. */
    hours: jsonb('hours').$type<unknown>().notNull(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  () => organizationPolicies('all'),
);

export const bookingServices = pgTable(
  'booking_services',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    name: text('name').notNull(),
    synonyms: text('synonyms').array().notNull(),
    minutes: integer('minutes').notNull(),
    /** As it is told to callers; null when it is not told. */
    priceText: text('price_text'),
    /** Whether it can be booked anew. */
    active: boolean('active').notNull().default(true),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex('booking_services_name').on(table.orgId, sql`lower(${table.name})`),
    check('booking_services_minutes', sql`${table.minutes} between 5 and 1440`),
    ...organizationPolicies('all'),
  ],
);

/** People, or things such as tables: whatever has one appointment at a time. */
export const bookingStaff = pgTable(
  'booking_staff',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    name: text('name').notNull(),
    /** Whether new appointments are given to it. */
    active: boolean('active').notNull().default(true),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    uniqueIndex('booking_staff_name').on(table.orgId, sql`lower(${table.name})`),
    ...organizationPolicies('all'),
  ],
);

/** Who does what. */
export const bookingStaffServices = pgTable(
  'booking_staff_services',
  {
    orgId: text('org_id').notNull(),
    staffId: text('staff_id').notNull(),
    serviceId: text('service_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.staffId, table.serviceId] }),
    foreignKey({ columns: [table.orgId, table.staffId], foreignColumns: [bookingStaff.orgId, bookingStaff.id] }).onDelete('cascade'),
    foreignKey({ columns: [table.orgId, table.serviceId], foreignColumns: [bookingServices.orgId, bookingServices.id] }).onDelete(
      'cascade',
    ),
    index('booking_staff_services_by_service').on(table.orgId, table.serviceId),
    ...organizationPolicies('all'),
  ],
);

/** `held` and `confirmed` ones stand: a custom migration forbids two of them of one member of staff to overlap. */
export const appointmentStates = ['held', 'confirmed', 'cancelled', 'rescheduled'] as const;
export const appointmentEnds = ['cancelled', 'hold_expired', 'rescheduled'] as const;

export const appointments = pgTable(
  'appointments',
  {
    orgId: text('org_id').notNull(),
    id: text('id').notNull(),
    serviceId: text('service_id').notNull(),
    staffId: text('staff_id').notNull(),
    /** Personal data. */
    contactName: text('contact_name').notNull(),
    /** Personal data. */
    contactNumber: text('contact_number').notNull(),
    startsAt: instant('starts_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    state: text('state', { enum: appointmentStates }).notNull(),
    /** Why it no longer stands, as `state` and `heldUntil` tell it: of what is cancelled, only a hold that ran out keeps its time. */
    ended: text('ended', { enum: appointmentEnds }).generatedAlwaysAs(
      sql`case when state = 'cancelled' and held_until is not null then 'hold_expired' when state in ('cancelled', 'rescheduled') then state end`,
    ),
    /** Until when an unconfirmed one stands. */
    heldUntil: instant('held_until'),
    /** The call or chat that made it. */
    conversationId: text('conversation_id'),
    /** The appointment that it took the place of. */
    replaces: text('replaces'),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    foreignKey({ columns: [table.orgId, table.serviceId], foreignColumns: [bookingServices.orgId, bookingServices.id] }),
    foreignKey({ columns: [table.orgId, table.staffId], foreignColumns: [bookingStaff.orgId, bookingStaff.id] }),
    foreignKey({ columns: [table.orgId, table.replaces], foreignColumns: [table.orgId, table.id] }),
    index('appointments_by_start').on(table.orgId, table.startsAt, table.id),
    index('appointments_of_service').on(table.orgId, table.serviceId),
    index('appointments_of_staff').on(table.orgId, table.staffId, table.startsAt),
    // A conversation that asks twice for the same thing gets it once, whichever member of staff would have been free for the second.
    uniqueIndex('appointments_once_per_conversation')
      .on(table.orgId, table.conversationId, table.serviceId, table.startsAt)
      .where(sql`state in ('held', 'confirmed')`),
    uniqueIndex('appointments_replaced_once').on(table.orgId, table.replaces),
    check('appointments_end_after_start', sql`${table.endsAt} > ${table.startsAt}`),
    check('appointments_held_until', sql`${table.state} <> 'held' or ${table.heldUntil} is not null`),
    ...organizationPolicies('all'),
  ],
);
