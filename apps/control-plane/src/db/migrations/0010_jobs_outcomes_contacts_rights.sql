-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE call_outcomes FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE contacts FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE contact_facts FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- Work is left by whoever does what causes it, and ended together with what it leads to; it is taken, given up and asked for again across organizations.
GRANT SELECT, INSERT ON jobs TO centralita_app;--> statement-breakpoint
GRANT UPDATE (state, lease_until, last_error, ended_at) ON jobs TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON jobs TO centralita_admin;--> statement-breakpoint
GRANT UPDATE (state, attempts, next_attempt_at, lease_until, last_error, ended_at) ON jobs TO centralita_admin;--> statement-breakpoint
-- Made once, like what was said.
GRANT SELECT, INSERT ON call_outcomes TO centralita_app;--> statement-breakpoint
GRANT SELECT ON call_outcomes TO centralita_admin;--> statement-breakpoint
-- What is remembered can be forgotten.
GRANT SELECT, INSERT, DELETE, UPDATE (consent, consent_at, consent_source, last_seen_at) ON contacts TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE, UPDATE (value, source_id, turns, learned_at) ON contact_facts TO centralita_app;--> statement-breakpoint
GRANT SELECT, DELETE ON contacts TO centralita_admin;--> statement-breakpoint
GRANT SELECT, DELETE ON contact_facts TO centralita_admin;
