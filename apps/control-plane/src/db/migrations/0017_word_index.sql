CREATE TABLE "rag_postings" (
	"org_id" text NOT NULL,
	"document_number" integer NOT NULL,
	"stem" text NOT NULL,
	"first_ordinal" integer NOT NULL,
	"ordinals" integer[] NOT NULL,
	CONSTRAINT "rag_postings_org_id_document_number_stem_first_ordinal_pk" PRIMARY KEY("org_id","document_number","stem","first_ordinal")
);--> statement-breakpoint
ALTER TABLE "rag_postings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP INDEX "rag_chunks_of_document";--> statement-breakpoint
ALTER TABLE "rag_documents" ADD COLUMN "number" integer NOT NULL GENERATED ALWAYS AS IDENTITY (sequence name "rag_documents_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1);--> statement-breakpoint
ALTER TABLE "rag_documents" ADD CONSTRAINT "rag_documents_number_unique" UNIQUE("org_id","number");--> statement-breakpoint
ALTER TABLE "rag_postings" ADD CONSTRAINT "rag_postings_org_id_document_number_rag_documents_org_id_number_fk" FOREIGN KEY ("org_id","document_number") REFERENCES "public"."rag_documents"("org_id","number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rag_chunks" DROP COLUMN "words";--> statement-breakpoint
ALTER TABLE "rag_chunks" ADD CONSTRAINT "rag_chunks_ordinal_unique" UNIQUE("org_id","document_id","ordinal");--> statement-breakpoint
CREATE POLICY "own_organization" ON "rag_postings" AS PERMISSIVE FOR ALL TO "centralita_app" USING ("org_id" = (select nullif(current_setting('app.org_id', true), ''))) WITH CHECK ("org_id" = (select nullif(current_setting('app.org_id', true), '')));--> statement-breakpoint
CREATE POLICY "appliance_admin" ON "rag_postings" AS PERMISSIVE FOR ALL TO "centralita_admin" USING (true) WITH CHECK (true);
