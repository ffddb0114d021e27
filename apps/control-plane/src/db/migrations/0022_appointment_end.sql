ALTER TABLE "appointments" DROP CONSTRAINT "appointments_ended";--> statement-breakpoint
ALTER TABLE "appointments" drop column "ended";--> statement-breakpoint
ALTER TABLE "appointments" ADD COLUMN "ended" text GENERATED ALWAYS AS (case when state = 'cancelled' and held_until is not null then 'hold_expired' when state in ('cancelled', 'rescheduled') then state end) STORED;