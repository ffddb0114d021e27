-- The row stands from the start: whoever stops or resumes locks it. Before FORCE, which binds the tables' owner too.
INSERT INTO global_stops (id, state, cause, reason, revision, changed_at) VALUES ('appliance', 'running', 'admin', '', 0, now());--> statement-breakpoint
-- FORCE: without it the owner of a table sees what only the appliance may.
ALTER TABLE global_stops FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE admin_alerts FORCE ROW LEVEL SECURITY;--> statement-breakpoint
GRANT SELECT, UPDATE (state, cause, reason, revision, changed_at) ON global_stops TO centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE, UPDATE (state, attempts, next_attempt_at, lease_until, last_error, ended_at) ON admin_alerts TO centralita_admin;
