CREATE TABLE "appointments" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"service_id" text NOT NULL,
	"staff_id" text NOT NULL,
	"contact_name" text NOT NULL,
	"contact_number" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"state" text NOT NULL,
	"ended" text,
	"held_until" timestamp (3) with time zone,
	"conversation_id" text,
	"replaces" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "appointments_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "appointments_end_after_start" CHECK ("appointments"."ends_at" > "appointments"."starts_at"),
	CONSTRAINT "appointments_ended" CHECK (("appointments"."ended" is null) = ("appointments"."state" in ('held', 'confirmed'))),
	CONSTRAINT "appointments_held_until" CHECK ("appointments"."state" <> 'held' or "appointments"."held_until" is not null)
);
--> statement-breakpoint
ALTER TABLE "appointments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "booking_calendars" (
	"org_id" text PRIMARY KEY NOT NULL,
	"time_zone" text NOT NULL,
	"slot_minutes" integer NOT NULL,
	"min_notice_minutes" integer NOT NULL,
	"max_days_ahead" integer NOT NULL,
	"hold_minutes" integer NOT NULL,
	"hours" jsonb NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "booking_calendars" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "booking_services" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"synonyms" text[] NOT NULL,
	"minutes" integer NOT NULL,
	"price_text" text,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "booking_services_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "booking_services_minutes" CHECK ("booking_services"."minutes" between 5 and 1440)
);
--> statement-breakpoint
ALTER TABLE "booking_services" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "booking_staff" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "booking_staff_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "booking_staff" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "booking_staff_services" (
	"org_id" text NOT NULL,
	"staff_id" text NOT NULL,
	"service_id" text NOT NULL,
	CONSTRAINT "booking_staff_services_org_id_staff_id_service_id_pk" PRIMARY KEY("org_id","staff_id","service_id")
);
--> statement-breakpoint
ALTER TABLE "booking_staff_services" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_org_id_service_id_booking_services_org_id_id_fk" FOREIGN KEY ("org_id","service_id") REFERENCES "public"."booking_services"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_org_id_staff_id_booking_staff_org_id_id_fk" FOREIGN KEY ("org_id","staff_id") REFERENCES "public"."booking_staff"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_org_id_replaces_appointments_org_id_id_fk" FOREIGN KEY ("org_id","replaces") REFERENCES "public"."appointments"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "booking_calendars" ADD CONSTRAINT "booking_calendars_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "booking_services" ADD CONSTRAINT "booking_services_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "booking_staff" ADD CONSTRAINT "booking_staff_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "booking_staff_services" ADD CONSTRAINT "booking_staff_services_org_id_staff_id_booking_staff_org_id_id_fk" FOREIGN KEY ("org_id","staff_id") REFERENCES "public"."booking_staff"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "booking_staff_services" ADD CONSTRAINT "booking_staff_services_org_id_service_id_booking_services_org_id_id_fk" FOREIGN KEY ("org_id","service_id") REFERENCES "public"."booking_services"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "appointments_by_start" ON "appointments" USING btree ("org_id","starts_at","id");--> statement-breakpoint
CREATE INDEX "appointments_of_service" ON "appointments" USING btree ("org_id","service_id");--> statement-breakpoint
CREATE INDEX "appointments_of_staff" ON "appointments" USING btree ("org_id","staff_id","starts_at");--> statement-breakpoint
CREATE UNIQUE INDEX "appointments_once_per_conversation" ON "appointments" USING btree ("org_id","conversation_id","service_id","starts_at") WHERE state in ('held', 'confirmed');--> statement-breakpoint
CREATE UNIQUE INDEX "appointments_replaced_once" ON "appointments" USING btree ("org_id","replaces");--> statement-breakpoint
CREATE UNIQUE INDEX "booking_services_name" ON "booking_services" USING btree ("org_id",lower("name"));--> statement-breakpoint
CREATE UNIQUE INDEX "booking_staff_name" ON "booking_staff" USING btree ("org_id",lower("name"));--> statement-breakpoint
CREATE INDEX "booking_staff_services_by_service" ON "booking_staff_services" USING btree ("org_id","service_id");--> statement-breakpoint
CREATE POLICY "own_organization" ON "appointments" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "appointments" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "booking_calendars" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "booking_calendars" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "booking_services" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "booking_services" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "booking_staff" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "booking_staff" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "booking_staff_services" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "booking_staff_services" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);