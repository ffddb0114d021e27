-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE http_tools FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE caller_messages FORCE ROW LEVEL SECURITY;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (description, effect, parameters, method, url, headers, sealed_secret, updated_at), DELETE ON http_tools TO centralita_app;--> statement-breakpoint
-- What a caller said is never rewritten; it can be marked as dealt with, and erased.
GRANT SELECT, INSERT, UPDATE (handled_at), DELETE ON caller_messages TO centralita_app;--> statement-breakpoint
-- The admin exports an organization's rows; old messages go with the calls that they were left in.
GRANT SELECT ON http_tools TO centralita_admin;--> statement-breakpoint
GRANT SELECT, DELETE ON caller_messages TO centralita_admin;
