ALTER TABLE "rag_documents" ADD COLUMN "claim" text;--> statement-breakpoint
ALTER TABLE "rag_documents" ADD COLUMN "claimed_until" timestamp (3) with time zone;--> statement-breakpoint
-- Who works on a document says so; nothing else of a row that was added can be changed but how far it is.
GRANT UPDATE (claim, claimed_until) ON rag_documents TO centralita_app, centralita_admin;
