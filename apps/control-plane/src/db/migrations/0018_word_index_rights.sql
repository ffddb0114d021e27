-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE rag_postings FORCE ROW LEVEL SECURITY;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON rag_postings TO centralita_app, centralita_admin;
