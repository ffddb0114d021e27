CREATE TABLE "rag_chunks" (
	"org_id" text NOT NULL,
	"agent_id" text NOT NULL,
	"document_id" text NOT NULL,
	"id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"category" text,
	"headings" text[] NOT NULL,
	"text" text NOT NULL,
	"words" "tsvector" NOT NULL,
	CONSTRAINT "rag_chunks_org_id_id_pk" PRIMARY KEY("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "rag_chunks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rag_documents" (
	"org_id" text NOT NULL,
	"id" text NOT NULL,
	"agent_id" text NOT NULL,
	"name" text NOT NULL,
	"media_type" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"sha256" text NOT NULL,
	"category" text,
	"state" text DEFAULT 'queued' NOT NULL,
	"failure" text,
	"chunk_count" integer,
	"stored_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rag_documents_org_id_id_pk" PRIMARY KEY("org_id","id"),
	CONSTRAINT "rag_documents_failure" CHECK (("rag_documents"."state" = 'failed') = ("rag_documents"."failure" is not null))
);
--> statement-breakpoint
ALTER TABLE "rag_documents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rag_indexes" (
	"org_id" text NOT NULL,
	"agent_id" text NOT NULL,
	"kind" text NOT NULL,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rag_indexes_org_id_agent_id_pk" PRIMARY KEY("org_id","agent_id")
);
--> statement-breakpoint
ALTER TABLE "rag_indexes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rag_uploads" (
	"org_id" text NOT NULL,
	"document_id" text NOT NULL,
	"content" "bytea" NOT NULL,
	CONSTRAINT "rag_uploads_org_id_document_id_pk" PRIMARY KEY("org_id","document_id")
);
--> statement-breakpoint
ALTER TABLE "rag_uploads" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rag_vectors" (
	"org_id" text NOT NULL,
	"agent_id" text NOT NULL,
	"kind" text NOT NULL,
	"chunk_id" text NOT NULL,
	"category" text,
	"embedding" vector NOT NULL,
	CONSTRAINT "rag_vectors_org_id_chunk_id_kind_pk" PRIMARY KEY("org_id","chunk_id","kind")
);
--> statement-breakpoint
ALTER TABLE "rag_vectors" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "rag_chunks" ADD CONSTRAINT "rag_chunks_org_id_document_id_rag_documents_org_id_id_fk" FOREIGN KEY ("org_id","document_id") REFERENCES "public"."rag_documents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rag_chunks" ADD CONSTRAINT "rag_chunks_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rag_documents" ADD CONSTRAINT "rag_documents_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rag_indexes" ADD CONSTRAINT "rag_indexes_org_id_agent_id_agents_org_id_id_fk" FOREIGN KEY ("org_id","agent_id") REFERENCES "public"."agents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rag_uploads" ADD CONSTRAINT "rag_uploads_org_id_document_id_rag_documents_org_id_id_fk" FOREIGN KEY ("org_id","document_id") REFERENCES "public"."rag_documents"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rag_vectors" ADD CONSTRAINT "rag_vectors_org_id_chunk_id_rag_chunks_org_id_id_fk" FOREIGN KEY ("org_id","chunk_id") REFERENCES "public"."rag_chunks"("org_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rag_chunks_of_agent" ON "rag_chunks" USING btree ("org_id","agent_id");--> statement-breakpoint
CREATE INDEX "rag_chunks_of_document" ON "rag_chunks" USING btree ("org_id","document_id","ordinal");--> statement-breakpoint
CREATE INDEX "rag_documents_of_agent" ON "rag_documents" USING btree ("org_id","agent_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "rag_documents_sha256_unique" ON "rag_documents" USING btree ("org_id","agent_id","sha256") WHERE state <> 'failed';--> statement-breakpoint
CREATE INDEX "rag_documents_unfinished" ON "rag_documents" USING btree ("id") WHERE state in ('queued', 'parsing', 'embedding');--> statement-breakpoint
CREATE INDEX "rag_vectors_of_agent" ON "rag_vectors" USING btree ("org_id","agent_id","kind");--> statement-breakpoint
CREATE POLICY "own_organization" ON "rag_chunks" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rag_chunks" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "rag_documents" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rag_documents" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "rag_indexes" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rag_indexes" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "rag_uploads" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rag_uploads" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own_organization" ON "rag_vectors" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rag_vectors" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);