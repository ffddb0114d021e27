CREATE TABLE "conversation_turns" (
	"org_id" text NOT NULL,
	"conversation_id" text NOT NULL,
	"seq" integer NOT NULL,
	"role" text NOT NULL,
	"text" text NOT NULL,
	"input" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "conversation_turns_org_id_conversation_id_seq_pk" PRIMARY KEY("org_id","conversation_id","seq")
);
--> statement-breakpoint
ALTER TABLE "conversation_turns" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "conversations" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"channel" text NOT NULL,
	"call_id" text,
	"agent_id" text,
	"agent_version" integer,
	"state" jsonb NOT NULL,
	"next_step" jsonb,
	"channel_data" jsonb,
	"turns" integer NOT NULL,
	"claimed_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "conversations_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "conversations_channel" CHECK ((channel = 'call') = (call_id is not null) and (call_id is null or call_id = id)),
	CONSTRAINT "conversations_chat" CHECK (channel = 'call' or (agent_id is not null and agent_version is not null))
);
--> statement-breakpoint
ALTER TABLE "conversations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "turn_traces" (
	"org_id" text NOT NULL,
	"conversation_id" text NOT NULL,
	"seq" integer NOT NULL,
	"trace" jsonb NOT NULL,
	CONSTRAINT "turn_traces_org_id_conversation_id_seq_pk" PRIMARY KEY("org_id","conversation_id","seq")
);
--> statement-breakpoint
ALTER TABLE "turn_traces" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "conversation_turns" ADD CONSTRAINT "conversation_turns_org_id_conversation_id_conversations_org_id_id_fk" FOREIGN KEY ("org_id","conversation_id") REFERENCES "public"."conversations"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_org_id_call_id_calls_org_id_id_fk" FOREIGN KEY ("org_id","call_id") REFERENCES "public"."calls"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "turn_traces" ADD CONSTRAINT "turn_traces_org_id_conversation_id_conversations_org_id_id_fk" FOREIGN KEY ("org_id","conversation_id") REFERENCES "public"."conversations"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "conversations_by_call" ON "conversations" USING btree ("org_id","call_id");--> statement-breakpoint
CREATE INDEX "conversations_by_agent" ON "conversations" USING btree ("org_id","agent_id");--> statement-breakpoint
CREATE INDEX "conversations_chats_by_age" ON "conversations" USING btree ("org_id","updated_at") WHERE channel = 'chat';--> statement-breakpoint
CREATE POLICY "own_organization" ON "conversation_turns" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "conversation_turns" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "conversations" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "conversations" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);--> statement-breakpoint
CREATE POLICY "appliance_deletes" ON "conversations" AS PERMISSIVE FOR DELETE TO "centralita_admin" USING (channel = 'chat');--> statement-breakpoint
CREATE POLICY "own_organization" ON "turn_traces" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "turn_traces" AS PERMISSIVE FOR SELECT TO "centralita_admin" USING (true);