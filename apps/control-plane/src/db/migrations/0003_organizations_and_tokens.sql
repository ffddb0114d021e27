CREATE TABLE "agent_versions" (
	"org_id" text NOT NULL,
	"agent_id" text NOT NULL,
	"version" integer NOT NULL,
	"name" text NOT NULL,
	"language" text NOT NULL,
	"voice" text NOT NULL,
	"profile" jsonb NOT NULL,
	"restored_from" integer,
	"comment" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "agent_versions_org_id_agent_id_version_pk" PRIMARY KEY("org_id","agent_id","version")
);
--> statement-breakpoint
ALTER TABLE "agent_versions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "api_tokens" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"mac" text NOT NULL,
	"key_version" integer NOT NULL,
	"prefix" text NOT NULL,
	"last_four" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"ending" text,
	"rotated_from" text,
	"last_used_at" timestamp (3) with time zone,
	"last_used_address" text,
	CONSTRAINT "api_tokens_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "api_tokens_mac_unique" UNIQUE("mac"),
	CONSTRAINT "api_tokens_mac_form" CHECK ("api_tokens"."mac" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
ALTER TABLE "api_tokens" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"org_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_name" text NOT NULL,
	"address" text,
	"request_id" text,
	"action" text NOT NULL,
	"resource" text NOT NULL,
	"details" jsonb NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	"key_version" integer NOT NULL,
	CONSTRAINT "audit_entries_org_id_seq_pk" PRIMARY KEY("org_id","seq")
);
--> statement-breakpoint
ALTER TABLE "audit_entries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_heads" (
	"org_id" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" text NOT NULL,
	"mac" text NOT NULL,
	"key_version" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "audit_heads" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"org_id" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"content_type" text,
	"body" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_org_id_key_pk" PRIMARY KEY("org_id","key")
);
--> statement-breakpoint
ALTER TABLE "idempotency_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "job_runs" (
	"name" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"error" text,
	CONSTRAINT "job_runs_name_due_at_pk" PRIMARY KEY("name","due_at")
);
--> statement-breakpoint
ALTER TABLE "job_runs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "plans" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"concurrent_calls" integer NOT NULL,
	"agents" integer NOT NULL,
	"requests_per_minute" integer NOT NULL,
	"daily_dials" integer NOT NULL,
	"storage_bytes" bigint NOT NULL,
	"recording_retention_days" integer NOT NULL,
	"text_retention_days" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plans_id_form" CHECK ("plans"."id" ~ '^[a-z][a-z0-9-]{1,31}$')
);
--> statement-breakpoint
ALTER TABLE "plans" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "trunks" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"matches" text[] NOT NULL,
	"username" text,
	"sealed_password" text,
	"registers" boolean NOT NULL,
	"push_state" text DEFAULT 'pending' NOT NULL,
	"push_error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "trunks_name_unique" UNIQUE("name"),
	CONSTRAINT "trunks_name_form" CHECK ("trunks"."name" ~ '^[a-z][a-z0-9-]{0,31}$')
);
--> statement-breakpoint
ALTER TABLE "trunks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "phones" DROP CONSTRAINT "phones_extension_unique";--> statement-breakpoint
ALTER TABLE "phones" DROP CONSTRAINT "phones_extension_form";--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "provisioned_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "calls" ADD COLUMN "recording_bytes" bigint;--> statement-breakpoint
-- Plans first: organizations that are there already go on the default one.
INSERT INTO plans (id, name, concurrent_calls, agents, requests_per_minute, daily_dials, storage_bytes, recording_retention_days, text_retention_days) VALUES
	('starter', 'Starter', 5, 3, 300, 500, 10737418240, 30, 180),
	('standard', 'Standard', 20, 10, 600, 2000, 107374182400, 90, 365),
	('enterprise', 'Enterprise', 1000, 200, 6000, 100000, 2199023255552, 365, 1825);--> statement-breakpoint
-- Organizations from before slugs: their id's end is as unique as the id.
ALTER TABLE "organizations" ADD COLUMN "slug" text;--> statement-breakpoint
UPDATE organizations SET slug = 'org-' || right(id, 20);--> statement-breakpoint
ALTER TABLE "organizations" ALTER COLUMN "slug" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "plan_id" text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "deletion_requested_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "delete_after" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "exported_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "export_file" text;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "export_bytes" bigint;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "export_sha256" text;--> statement-breakpoint
ALTER TABLE "phones" ADD COLUMN "username" text;--> statement-breakpoint
UPDATE phones SET username = phones.extension || '-' || organizations.slug FROM organizations WHERE organizations.id = phones.org_id;--> statement-breakpoint
ALTER TABLE "phones" ALTER COLUMN "username" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "phones" ADD COLUMN "digest_ha1" text;--> statement-breakpoint
ALTER TABLE "phones" ADD COLUMN "push_state" text DEFAULT 'pending' NOT NULL;--> statement-breakpoint
ALTER TABLE "phones" ADD COLUMN "push_error" text;--> statement-breakpoint
ALTER TABLE "phones" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "agent_versions" ADD CONSTRAINT "agent_versions_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_org_id_organizations_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."organizations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_tokens_expiry" ON "api_tokens" USING btree ("expires_at") WHERE active;--> statement-breakpoint
CREATE INDEX "idempotency_keys_expiry" ON "idempotency_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "job_runs_by_time" ON "job_runs" USING btree ("due_at");--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "calls_unmeasured" ON "calls" USING btree ("ended_at") WHERE ended_at is not null and recording_path is not null and recording_bytes is null;--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_slug_unique" UNIQUE("slug");--> statement-breakpoint
ALTER TABLE "phones" ADD CONSTRAINT "phones_username_unique" UNIQUE("username");--> statement-breakpoint
ALTER TABLE "phones" ADD CONSTRAINT "phones_extension_unique" UNIQUE("org_id","extension");--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_slug_form" CHECK ("organizations"."slug" ~ '^[a-z][a-z0-9-]{1,31}$');--> statement-breakpoint
ALTER TABLE "phones" ADD CONSTRAINT "phones_username_form" CHECK ("phones"."username" ~ '^[0-9]{2,8}-[a-z][a-z0-9-]{1,31}$');--> statement-breakpoint
ALTER TABLE "phones" ADD CONSTRAINT "phones_extension_form" CHECK ("phones"."extension" ~ '^[0-9]{2,8}$');--> statement-breakpoint
CREATE POLICY "appliance_measures" ON "calls" AS PERMISSIVE FOR UPDATE TO "centralita_admin" USING (ended_at is not null) WITH CHECK (ended_at is not null);--> statement-breakpoint
CREATE POLICY "appliance_deletes" ON "calls" AS PERMISSIVE FOR DELETE TO "centralita_admin" USING (ended_at is not null);--> statement-breakpoint
CREATE POLICY "appliance_retention" ON "rejected_calls" AS PERMISSIVE FOR DELETE TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "agent_versions" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "agent_versions" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "api_tokens" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "api_tokens" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "presented_token" ON "api_tokens" AS PERMISSIVE FOR SELECT TO "centralita_app" USING (mac = (select nullif(current_setting('app.token_mac', true), '')));--> statement-breakpoint
CREATE POLICY "own_organization" ON "audit_entries" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "audit_entries" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "audit_heads" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "audit_heads" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "idempotency_keys" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "idempotency_keys" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "job_runs" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_plan" ON "plans" AS PERMISSIVE FOR SELECT TO "centralita_app" USING (id = (select plan_id from organizations));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "plans" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "trunks" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);