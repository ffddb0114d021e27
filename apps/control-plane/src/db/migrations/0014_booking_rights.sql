-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE booking_calendars FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE booking_services FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE booking_staff FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE booking_staff_services FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE appointments FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- Plain columns beside a range in one GiST index need it; it is a trusted extension, so that the owner of the database may make it.
CREATE EXTENSION IF NOT EXISTS btree_gist;--> statement-breakpoint
-- Nobody is booked twice for one time, however many ask at once. The end is not included: one appointment may follow another.
ALTER TABLE appointments ADD CONSTRAINT appointments_no_double_booking
  EXCLUDE USING gist (org_id WITH =, staff_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (state IN ('held', 'confirmed'));--> statement-breakpoint
-- An organization configures what can be booked. Appointments are never deleted by it: they end. Which slot one has is never rewritten.
GRANT SELECT, INSERT, UPDATE (time_zone, slot_minutes, min_notice_minutes, max_days_ahead, hold_minutes, hours, updated_at)
  ON booking_calendars TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (name, synonyms, minutes, price_text, active, updated_at), DELETE ON booking_services TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (name, active, updated_at), DELETE ON booking_staff TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON booking_staff_services TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (state, ended, held_until, updated_at) ON appointments TO centralita_app;--> statement-breakpoint
-- The admin exports an organization's rows and deletes them with it.
GRANT SELECT, DELETE ON booking_calendars, booking_services, booking_staff, booking_staff_services, appointments TO centralita_admin;
