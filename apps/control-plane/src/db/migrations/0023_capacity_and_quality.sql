CREATE TABLE "leg_qualities" (
	"org_id" text NOT NULL,
	"call_id" text NOT NULL,
	"leg" text NOT NULL,
	"codec" text NOT NULL,
	"packets_received" integer NOT NULL,
	"packets_sent" integer NOT NULL,
	"received_loss_ratio" double precision NOT NULL,
	"sent_loss_ratio" double precision,
	"received_jitter_ms" double precision NOT NULL,
	"sent_jitter_ms" double precision,
	"round_trip_ms" double precision,
	"received_mos" double precision NOT NULL,
	"sent_mos" double precision,
	"measured_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "leg_qualities_org_id_call_id_leg_pk" PRIMARY KEY("org_id","call_id","leg")
);
--> statement-breakpoint
ALTER TABLE "leg_qualities" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "capacity_tests" (
	"server" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"estimated_calls" double precision NOT NULL,
	"measured_calls" double precision NOT NULL,
	"comment" text NOT NULL,
	CONSTRAINT "capacity_tests_server_at_pk" PRIMARY KEY("server","at")
);
--> statement-breakpoint
ALTER TABLE "capacity_tests" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "process_metadata" (
	"server" text NOT NULL,
	"service" text NOT NULL,
	"interval_seconds" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"live_calls" double precision NOT NULL,
	"cpu_cores" double precision,
	"memory_bytes" bigint,
	"event_loop_lag_ms" double precision,
	"queue_depth" double precision,
	"vram_used_bytes" bigint,
	"vram_total_bytes" bigint,
	"busy" double precision,
	"slots" double precision,
	"requests" integer,
	"latency_mean_ms" double precision,
	"latency_p95_ms" double precision,
	CONSTRAINT "process_metadata_server_service_interval_seconds_at_pk" PRIMARY KEY("server","service","interval_seconds","at")
);
--> statement-breakpoint
ALTER TABLE "process_metadata" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "turn_gaps" (
	"org_id" text NOT NULL,
	"call_id" text NOT NULL,
	"seq" integer NOT NULL,
	"heard_gap_ms" double precision NOT NULL,
	CONSTRAINT "turn_gaps_org_id_call_id_seq_pk" PRIMARY KEY("org_id","call_id","seq")
);
--> statement-breakpoint
ALTER TABLE "turn_gaps" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "overload_choice" text DEFAULT 'refuse' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "overload_destination" text;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "overload_max_wait_seconds" integer DEFAULT 120 NOT NULL;--> statement-breakpoint
ALTER TABLE "turns" ADD COLUMN "gap_ms" double precision;--> statement-breakpoint
ALTER TABLE "leg_qualities" ADD CONSTRAINT "leg_qualities_org_id_call_id_calls_org_id_id_fk" FOREIGN KEY ("org_id","call_id") REFERENCES "public"."calls"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "turn_gaps" ADD CONSTRAINT "turn_gaps_org_id_call_id_seq_turns_org_id_call_id_seq_fk" FOREIGN KEY ("org_id","call_id","seq") REFERENCES "public"."turns"("org_id","call_id","seq") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "process_metadata_by_age" ON "process_metadata" USING btree ("interval_seconds","at");--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_overload" CHECK ("organizations"."overload_choice" in ('refuse', 'queue', 'fallback') and "organizations"."overload_max_wait_seconds" between 5 and 3600);--> statement-breakpoint
CREATE POLICY "own_organization" ON "leg_qualities" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "leg_qualities" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "capacity_tests" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "process_metadata" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "turn_gaps" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "turn_gaps" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);