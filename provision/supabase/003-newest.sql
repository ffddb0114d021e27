-- An older version never replaces a newer one, whoever sends it and however late: a request that was applied and whose answer was lost
-- comes again, and one that hung in a proxy for an hour arrives after its successor.

CREATE SEQUENCE IF NOT EXISTS public.registry_positions;

CREATE OR REPLACE FUNCTION public.registry_keep_newest() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
DECLARE
  ours CONSTANT text[] := ARRAY['version', 'written_xid', 'position', 'updated_at'];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    -- The stored row goes back to whoever asked: its version tells him that his was not newer.
    IF new.version <= old.version THEN
      RETURN old;
    END IF;
    -- The same again under a new version is no news: nobody else needs to fetch it.
    IF TG_TABLE_NAME <> 'server_heartbeats' AND (to_jsonb(new) - ours) = (to_jsonb(old) - ours) THEN
      new.written_xid := old.written_xid;
      new.position := old.position;
      new.updated_at := now();
      RETURN new;
    END IF;
  END IF;
  new.written_xid := pg_current_xact_id()::text::bigint;
  new.position := lpad(new.written_xid::text, 19, '0') || '-' || lpad(nextval('public.registry_positions')::text, 19, '0');
  new.updated_at := now();
  RETURN new;
END
$$;

-- The operator does not count versions: what he changes is newer by being changed.
CREATE OR REPLACE FUNCTION public.registry_count_version() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
BEGIN
  new.version := old.version + 1;
  RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER a_count_version BEFORE UPDATE ON public.server_licences
  FOR EACH ROW EXECUTE FUNCTION public.registry_count_version();
CREATE OR REPLACE TRIGGER keep_newest BEFORE INSERT OR UPDATE ON public.servers
  FOR EACH ROW EXECUTE FUNCTION public.registry_keep_newest();
CREATE OR REPLACE TRIGGER keep_newest BEFORE INSERT OR UPDATE ON public.organization_servers
  FOR EACH ROW EXECUTE FUNCTION public.registry_keep_newest();
CREATE OR REPLACE TRIGGER keep_newest BEFORE INSERT OR UPDATE ON public.server_agents
  FOR EACH ROW EXECUTE FUNCTION public.registry_keep_newest();
CREATE OR REPLACE TRIGGER keep_newest BEFORE INSERT OR UPDATE ON public.server_heartbeats
  FOR EACH ROW EXECUTE FUNCTION public.registry_keep_newest();
CREATE OR REPLACE TRIGGER keep_newest BEFORE INSERT OR UPDATE ON public.server_licences
  FOR EACH ROW EXECUTE FUNCTION public.registry_keep_newest();
