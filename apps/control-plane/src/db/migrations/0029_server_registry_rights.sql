-- The row stands from the start: who speaks to the registry locks it. Before FORCE, which binds the tables' owner too.
INSERT INTO registry_state (id) VALUES ('registry');--> statement-breakpoint
-- FORCE: without it the owner of a table sees every organization's rows.
ALTER TABLE registry_outbox FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE registry_remotes FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE registry_state FORCE ROW LEVEL SECURITY;--> statement-breakpoint
-- An organization says that something changed; what was sent only the appliance takes out.
GRANT SELECT, INSERT, UPDATE (version, changed_at, refusal) ON registry_outbox TO centralita_app;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE, UPDATE (version, changed_at, refusal) ON registry_outbox TO centralita_admin;--> statement-breakpoint
GRANT SELECT, INSERT, DELETE, UPDATE (version, fields, heard_at) ON registry_remotes TO centralita_admin;--> statement-breakpoint
GRANT SELECT, UPDATE (holder, lease_until, is_full_push_wanted, pushed_at, pulled_at, last_error, last_error_at) ON registry_state TO centralita_admin;--> statement-breakpoint
-- UPDATE: a database that was restored from yesterday catches up with what the registry has seen since.
GRANT USAGE ON SEQUENCE registry_versions TO centralita_app;--> statement-breakpoint
GRANT USAGE, SELECT, UPDATE ON SEQUENCE registry_versions TO centralita_admin;--> statement-breakpoint
CREATE FUNCTION note_registry_change(owner_id text, changed_kind text, changed_key text) RETURNS void
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
  INSERT INTO registry_outbox AS waiting (org_id, kind, key, version)
  VALUES (owner_id, changed_kind, changed_key, nextval('registry_versions'))
  ON CONFLICT (org_id, kind, key) DO UPDATE SET version = nextval('registry_versions'), changed_at = now(), refusal = NULL
$$;--> statement-breakpoint
REVOKE ALL ON FUNCTION note_registry_change(text, text, text) FROM PUBLIC;--> statement-breakpoint
GRANT EXECUTE ON FUNCTION note_registry_change(text, text, text) TO centralita_app, centralita_admin;--> statement-breakpoint
-- In the transaction of the change, whoever makes it: a store that is written later cannot forget it.
CREATE FUNCTION note_organization_change() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
BEGIN
  PERFORM note_registry_change(coalesce(new.id, old.id), 'organization', coalesce(new.id, old.id));
  RETURN NULL;
END
$$;--> statement-breakpoint
CREATE FUNCTION note_agent_change() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
BEGIN
  PERFORM note_registry_change(coalesce(new.org_id, old.org_id), 'agent', coalesce(new.id, old.id));
  RETURN NULL;
END
$$;--> statement-breakpoint
-- A number that moves is news of two agents, noted in one order: two moves that cross must not wait for each other.
CREATE FUNCTION note_number_change() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
DECLARE
  changed text;
BEGIN
  FOR changed IN SELECT DISTINCT id FROM unnest(ARRAY[old.agent_id, new.agent_id]) AS ids (id) WHERE id IS NOT NULL ORDER BY id LOOP
    PERFORM note_registry_change(coalesce(new.org_id, old.org_id), 'agent', changed);
  END LOOP;
  RETURN NULL;
END
$$;--> statement-breakpoint
REVOKE ALL ON FUNCTION note_organization_change() FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION note_agent_change() FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION note_number_change() FROM PUBLIC;--> statement-breakpoint
CREATE TRIGGER registry_change AFTER INSERT OR DELETE ON organizations FOR EACH ROW EXECUTE FUNCTION note_organization_change();--> statement-breakpoint
CREATE TRIGGER registry_news AFTER UPDATE ON organizations FOR EACH ROW
  WHEN ((old.name, old.active) IS DISTINCT FROM (new.name, new.active)) EXECUTE FUNCTION note_organization_change();--> statement-breakpoint
CREATE TRIGGER registry_change AFTER INSERT OR DELETE ON agents FOR EACH ROW EXECUTE FUNCTION note_agent_change();--> statement-breakpoint
CREATE TRIGGER registry_news AFTER UPDATE ON agents FOR EACH ROW
  WHEN ((old.name, old.language, old.active, old.version, old.provisioned_at) IS DISTINCT FROM (new.name, new.language, new.active, new.version, new.provisioned_at))
  EXECUTE FUNCTION note_agent_change();--> statement-breakpoint
CREATE TRIGGER registry_change AFTER INSERT OR DELETE ON numbers FOR EACH ROW EXECUTE FUNCTION note_number_change();--> statement-breakpoint
CREATE TRIGGER registry_news AFTER UPDATE ON numbers FOR EACH ROW
  WHEN ((old.number, old.agent_id) IS DISTINCT FROM (new.number, new.agent_id)) EXECUTE FUNCTION note_number_change();
