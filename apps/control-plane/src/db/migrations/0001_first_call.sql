CREATE TABLE "agents" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"language" text NOT NULL,
	"voice" text NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"profile" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "agents_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "agents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "call_events" (
	"org_id" text NOT NULL,
	"call_id" text NOT NULL,
	"id" uuid NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "call_events_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"fields" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "call_events_org_id_call_id_id_pk" PRIMARY KEY("org_id","call_id","id")
);
--> statement-breakpoint
ALTER TABLE "call_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "calls" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"agent_id" text,
	"leg_id" text,
	"dialled_number" text NOT NULL,
	"caller_number" text NOT NULL,
	"state" text NOT NULL,
	"outcome" text,
	"reason" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"answered_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"setup_ms" double precision,
	"duration_ms" double precision,
	"recording_path" text,
	CONSTRAINT "calls_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "calls" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rejected_calls" (
	"id" text PRIMARY KEY NOT NULL,
	"dialled_number" text NOT NULL,
	"caller_number" text NOT NULL,
	"outcome" text NOT NULL,
	"rejected_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "rejected_calls" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "numbers" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"number" text NOT NULL,
	"agent_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "numbers_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "numbers_number_unique" UNIQUE("number"),
	CONSTRAINT "numbers_number_form" CHECK ("numbers"."number" ~ '^[+]?[0-9]{2,20}$')
);
--> statement-breakpoint
ALTER TABLE "numbers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "organizations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "phones" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"extension" text NOT NULL,
	"display_name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "phones_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "phones_extension_unique" UNIQUE("extension"),
	CONSTRAINT "phones_extension_form" CHECK ("phones"."extension" ~ '^[0-9]{2,10}$')
);
--> statement-breakpoint
ALTER TABLE "phones" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "turns" (
	"org_id" text NOT NULL,
	"call_id" text NOT NULL,
	"seq" integer NOT NULL,
	"role" text NOT NULL,
	"text" text NOT NULL,
	"input" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"heard_ms" double precision,
	"interrupted" boolean NOT NULL,
	"endpoint_ms" double precision,
	"stt_ms" double precision,
	"reply_ms" double precision,
	"tts_ms" double precision,
	"first_frame_ms" double precision,
	CONSTRAINT "turns_org_id_call_id_seq_pk" PRIMARY KEY("org_id","call_id","seq")
);
--> statement-breakpoint
ALTER TABLE "turns" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "call_events" ADD CONSTRAINT "call_events_org_id_call_id_calls_org_id_id_fk" FOREIGN KEY ("org_id","call_id") REFERENCES "public"."calls"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calls" ADD CONSTRAINT "calls_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calls" ADD CONSTRAINT "calls_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "numbers" ADD CONSTRAINT "numbers_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "phones" ADD CONSTRAINT "phones_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "turns" ADD CONSTRAINT "turns_org_id_call_id_calls_org_id_id_fk" FOREIGN KEY ("org_id","call_id") REFERENCES "public"."calls"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "call_events_by_time" ON "call_events" USING btree ("org_id","call_id","at","position");--> statement-breakpoint
CREATE INDEX "calls_id" ON "calls" USING btree ("id");--> statement-breakpoint
CREATE INDEX "calls_by_start" ON "calls" USING btree ("org_id","started_at","id");--> statement-breakpoint
CREATE INDEX "calls_by_start_everywhere" ON "calls" USING btree ("started_at","id");--> statement-breakpoint
CREATE INDEX "calls_open" ON "calls" USING btree ("started_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "rejected_calls_by_time" ON "rejected_calls" USING btree ("rejected_at");--> statement-breakpoint
CREATE INDEX "numbers_agent" ON "numbers" USING btree ("org_id","agent_id");--> statement-breakpoint
CREATE POLICY "own_organization" ON "agents" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "agents" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "call_events" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "call_events" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "calls" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "calls" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "appliance_closes" ON "calls" AS PERMISSIVE FOR UPDATE TO "centralita_admin" USING (ended_at is null) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "routing_records" ON "rejected_calls" AS PERMISSIVE FOR INSERT TO "centralita_app" WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rejected_calls" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "numbers" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "numbers" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "dialled_number" ON "numbers" AS PERMISSIVE FOR SELECT TO "centralita_app" USING (number = (select nullif(current_setting('app.dialled_number', true), '')));--> statement-breakpoint
CREATE POLICY "own_organization" ON "organizations" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "organizations" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "phones" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "phones" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "turns" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "turns" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);