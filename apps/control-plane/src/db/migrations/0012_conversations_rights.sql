ALTER TABLE conversations FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE conversation_turns FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE turn_traces FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- What was said and how it came about is written once: no UPDATE; it is deleted with its conversation alone.
GRANT SELECT, INSERT, DELETE ON conversations TO centralita_app;--> statement-breakpoint
GRANT UPDATE (state, next_step, turns, claimed_until, updated_at) ON conversations TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT ON conversation_turns, turn_traces TO centralita_app;--> statement-breakpoint
-- Retention, of chats alone (the policy): a call's conversation goes with its call.
GRANT SELECT, DELETE ON conversations TO centralita_admin;--> statement-breakpoint
GRANT SELECT ON conversation_turns, turn_traces TO centralita_admin;
