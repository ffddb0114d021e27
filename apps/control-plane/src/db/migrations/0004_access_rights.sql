-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE plans FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE agent_versions FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE trunks FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE job_runs FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- Agents from before versions: what is there is version 1, and it was at work.
INSERT INTO agent_versions (org_id, agent_id, version, name, language, voice, profile, comment, created_at, created_by)
  SELECT org_id, id, 1, name, language, voice, profile, '', updated_at, 'migration' FROM agents;--> statement-breakpoint
UPDATE agents SET provisioned_at = created_at;--> statement-breakpoint
-- An organization's own role: it configures agents and where its numbers lead, renames its phones, and notes when its tokens were used.
GRANT UPDATE (name, language, voice, profile, version, updated_at) ON agents TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT ON agent_versions TO centralita_app;--> statement-breakpoint
GRANT UPDATE (agent_id) ON numbers TO centralita_app;--> statement-breakpoint
-- By column: a phone's digest is for Asterisk alone.
REVOKE SELECT ON phones FROM centralita_app;--> statement-breakpoint
GRANT SELECT (org_id, id, extension, username, display_name, push_state, push_error, created_at, updated_at) ON phones TO centralita_app;--> statement-breakpoint
GRANT UPDATE (display_name, push_state, push_error, updated_at) ON phones TO centralita_app;--> statement-breakpoint
GRANT SELECT ON plans TO centralita_app;--> statement-breakpoint
GRANT SELECT, UPDATE (last_used_at, last_used_address) ON api_tokens TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO centralita_app;--> statement-breakpoint
-- Written once, by everybody: no UPDATE and no DELETE on entries for any role.
GRANT SELECT, INSERT ON audit_entries TO centralita_app, centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (seq, hash, mac, key_version) ON audit_heads TO centralita_app, centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON plans, api_tokens, trunks TO centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT ON agent_versions TO centralita_admin;--> statement-breakpoint
GRANT SELECT, DELETE ON idempotency_keys TO centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON job_runs TO centralita_admin;--> statement-breakpoint
GRANT UPDATE (recording_path, recording_bytes), DELETE ON calls TO centralita_admin;--> statement-breakpoint
GRANT DELETE ON rejected_calls TO centralita_admin;--> statement-breakpoint
-- Routing now also says how many calls the organization may have and how its phones are called.
DROP FUNCTION find_route(text);--> statement-breakpoint
CREATE FUNCTION find_route(dialled text)
RETURNS TABLE (org_id text, slug text, concurrent_calls integer, agent_id text, name text, language text, voice text, profile jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  owner_id text;
  taker_id text;
BEGIN
  PERFORM set_config('app.dialled_number', dialled, true);
  SELECT n.org_id, n.agent_id INTO owner_id, taker_id FROM numbers n WHERE n.number = dialled;
  PERFORM set_config('app.dialled_number', '', true);
  IF owner_id IS NULL THEN
    RETURN;
  END IF;
  PERFORM set_config('app.org_id', owner_id, true);
  RETURN QUERY
    SELECT a.org_id, o.slug, p.concurrent_calls, a.id, a.name, a.language, a.voice, a.profile
    FROM agents a JOIN organizations o ON o.id = a.org_id JOIN plans p ON p.id = o.plan_id
    WHERE a.org_id = owner_id AND a.id = taker_id AND a.active AND o.active;
  PERFORM set_config('app.org_id', '', true);
END
$$;--> statement-breakpoint
REVOKE ALL ON FUNCTION find_route(text) FROM PUBLIC;--> statement-breakpoint
GRANT EXECUTE ON FUNCTION find_route(text) TO centralita_app;--> statement-breakpoint
-- Authentication in one round trip, the same way: the row of the presented token's hash, then what is its organization's.
CREATE FUNCTION find_token(presented_mac text)
RETURNS TABLE (
  org_id text, token_id text, mac text, scopes text[], expires_at timestamptz, active boolean,
  organization_active boolean, plan_id text, requests_per_minute integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  owner_id text;
BEGIN
  PERFORM set_config('app.token_mac', presented_mac, true);
  SELECT t.org_id INTO owner_id FROM api_tokens t WHERE t.mac = presented_mac;
  PERFORM set_config('app.token_mac', '', true);
  IF owner_id IS NULL THEN
    RETURN;
  END IF;
  PERFORM set_config('app.org_id', owner_id, true);
  RETURN QUERY
    SELECT t.org_id, t.id, t.mac, t.scopes, t.expires_at, t.active, o.active, p.id, p.requests_per_minute
    FROM api_tokens t JOIN organizations o ON o.id = t.org_id JOIN plans p ON p.id = o.plan_id
    WHERE t.org_id = owner_id AND t.mac = presented_mac;
  PERFORM set_config('app.org_id', '', true);
END
$$;--> statement-breakpoint
REVOKE ALL ON FUNCTION find_token(text) FROM PUBLIC;--> statement-breakpoint
GRANT EXECUTE ON FUNCTION find_token(text) TO centralita_app;
