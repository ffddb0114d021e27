CREATE SEQUENCE "public"."registry_versions" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "registry_outbox" (
	"org_id" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"version" bigint NOT NULL,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"refusal" text,
	CONSTRAINT "registry_outbox_org_id_kind_key_pk" PRIMARY KEY("org_id","kind","key"),
	CONSTRAINT "registry_outbox_kind" CHECK ("registry_outbox"."kind" in ('server', 'organization', 'agent'))
);
--> statement-breakpoint
ALTER TABLE "registry_outbox" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "registry_remotes" (
	"kind" text NOT NULL,
	"server_id" text NOT NULL,
	"key" text NOT NULL,
	"version" bigint NOT NULL,
	"fields" jsonb NOT NULL,
	"heard_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "registry_remotes_kind_server_id_key_pk" PRIMARY KEY("kind","server_id","key")
);
--> statement-breakpoint
ALTER TABLE "registry_remotes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "registry_state" (
	"id" text PRIMARY KEY NOT NULL,
	"holder" text,
	"lease_until" timestamp (3) with time zone,
	"is_full_push_wanted" boolean DEFAULT true NOT NULL,
	"pushed_at" timestamp (3) with time zone,
	"pulled_at" timestamp (3) with time zone,
	"last_error" text,
	"last_error_at" timestamp (3) with time zone,
	CONSTRAINT "registry_state_one" CHECK ("registry_state"."id" = 'registry')
);
--> statement-breakpoint
ALTER TABLE "registry_state" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "registry_outbox_waiting" ON "registry_outbox" USING btree ("version") WHERE refusal is null;--> statement-breakpoint
CREATE POLICY "own_organization" ON "registry_outbox" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "registry_outbox" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "registry_remotes" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "registry_state" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);