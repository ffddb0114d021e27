CREATE TABLE "caller_messages" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"agent_id" text NOT NULL,
	"conversation_id" text NOT NULL,
	"from_name" text,
	"callback_number" text,
	"text" text NOT NULL,
	"is_urgent" boolean NOT NULL,
	"fingerprint" text NOT NULL,
	"handled_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "caller_messages_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "caller_messages_once" UNIQUE("org_id","conversation_id","fingerprint")
);
--> statement-breakpoint
ALTER TABLE "caller_messages" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "http_tools" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"agent_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"effect" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"method" text NOT NULL,
	"url" text NOT NULL,
	"headers" jsonb NOT NULL,
	"sealed_secret" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "http_tools_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "http_tools_name_unique" UNIQUE("org_id","agent_id","name"),
	CONSTRAINT "http_tools_name_form" CHECK ("http_tools"."name" ~ '^[a-z][a-z0-9_]{2,47}$')
);
--> statement-breakpoint
ALTER TABLE "http_tools" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "caller_messages" ADD CONSTRAINT "caller_messages_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "http_tools" ADD CONSTRAINT "http_tools_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "caller_messages_of_agent" ON "caller_messages" USING btree ("org_id","agent_id","id");--> statement-breakpoint
CREATE POLICY "own_organization" ON "caller_messages" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "caller_messages" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "http_tools" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "http_tools" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);