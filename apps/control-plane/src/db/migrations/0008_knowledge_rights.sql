-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE rag_documents FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE rag_uploads FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE rag_chunks FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE rag_vectors FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE rag_indexes FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- A search reads every vector and every list of stems of an agent: in the row itself, not one look aside for each. The text goes aside instead.
ALTER TABLE rag_vectors ALTER COLUMN embedding SET STORAGE PLAIN;--> statement-breakpoint
ALTER TABLE rag_chunks ALTER COLUMN words SET STORAGE MAIN;--> statement-breakpoint
-- What was read is not changed: a piece or a vector is written and removed. The admin's role has the same rights, for the jobs that go on after a restart.
GRANT SELECT, INSERT, DELETE ON rag_documents, rag_uploads, rag_chunks, rag_vectors TO centralita_app, centralita_admin;--> statement-breakpoint
GRANT UPDATE (state, failure, chunk_count, stored_count, updated_at) ON rag_documents TO centralita_app, centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (kind, changed_at) ON rag_indexes TO centralita_app, centralita_admin;
