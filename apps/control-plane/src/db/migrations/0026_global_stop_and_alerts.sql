CREATE TABLE "admin_alerts" (
	"id" text NOT NULL,
	"channel" text NOT NULL,
	"key" text NOT NULL,
	"alert" jsonb NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"last_error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "admin_alerts_id_channel_pk" PRIMARY KEY("id","channel"),
	CONSTRAINT "admin_alerts_end" CHECK (("admin_alerts"."state" = 'waiting') = ("admin_alerts"."ended_at" is null))
);
--> statement-breakpoint
ALTER TABLE "admin_alerts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "global_stops" (
	"id" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"cause" text NOT NULL,
	"reason" text NOT NULL,
	"revision" integer NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "global_stops_one" CHECK ("global_stops"."id" = 'appliance'),
	CONSTRAINT "global_stops_state" CHECK ("global_stops"."state" in ('running', 'stopped') and "global_stops"."cause" in ('admin', 'failures', 'probes'))
);
--> statement-breakpoint
ALTER TABLE "global_stops" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "admin_alerts_by_key" ON "admin_alerts" USING btree ("key","created_at");--> statement-breakpoint
CREATE INDEX "admin_alerts_waiting" ON "admin_alerts" USING btree ("next_attempt_at") WHERE state = 'waiting';--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "admin_alerts" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "global_stops" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);