-- Who may do what: a server reads its fleet and writes its own rows; anybody without a token nothing; the operator (service_role) everything.
-- A server's token is a JWT of the role `authenticated` with the claims `fleet_id`, `server_id` and `generation`.

CREATE OR REPLACE FUNCTION public.registry_claim(name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, public
AS $$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name $$;

-- Whether the token is of the generation that the operator accepts. A server that is not there yet accepts the first.
-- SECURITY DEFINER, the only one: policies of `servers` ask it, and would ask themselves without end. It answers about the caller's own token.
CREATE OR REPLACE FUNCTION public.registry_token_is_current() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
  SELECT coalesce(public.registry_claim('generation')::integer, 0)
    >= coalesce((SELECT s.token_generation FROM public.servers s WHERE s.server_id = public.registry_claim('server_id')), 1)
$$;

DO $$
DECLARE
  registered text;
BEGIN
  FOREACH registered IN ARRAY ARRAY['servers', 'organization_servers', 'server_agents', 'server_heartbeats', 'server_licences'] LOOP
    -- A Supabase project gives every new table to everybody: taken back before anything is granted.
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, anon, authenticated', registered);
    EXECUTE format('GRANT ALL ON public.%I TO service_role', registered);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', registered);
    -- FORCE binds the owner as well; of `servers` the owner reads the generation of tokens, for the function above.
    IF registered <> 'servers' THEN
      EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', registered);
    END IF;
    EXECUTE format('DROP POLICY IF EXISTS read_fleet ON public.%I', registered);
    EXECUTE format('DROP POLICY IF EXISTS add_own ON public.%I', registered);
    EXECUTE format('DROP POLICY IF EXISTS change_own ON public.%I', registered);
  END LOOP;
END
$$;

CREATE POLICY read_fleet ON public.servers FOR SELECT TO authenticated
  USING (fleet_id = (SELECT public.registry_claim('fleet_id')) AND (SELECT public.registry_token_is_current()));
CREATE POLICY read_fleet ON public.organization_servers FOR SELECT TO authenticated
  USING (fleet_id = (SELECT public.registry_claim('fleet_id')) AND (SELECT public.registry_token_is_current()));
CREATE POLICY read_fleet ON public.server_agents FOR SELECT TO authenticated
  USING (fleet_id = (SELECT public.registry_claim('fleet_id')) AND (SELECT public.registry_token_is_current()));
CREATE POLICY read_fleet ON public.server_heartbeats FOR SELECT TO authenticated
  USING (fleet_id = (SELECT public.registry_claim('fleet_id')) AND (SELECT public.registry_token_is_current()));
-- A licence is read by the server that has it and by no other.
CREATE POLICY read_fleet ON public.server_licences FOR SELECT TO authenticated
  USING (
    fleet_id = (SELECT public.registry_claim('fleet_id')) AND server_id = (SELECT public.registry_claim('server_id'))
    AND (SELECT public.registry_token_is_current())
  );

DO $$
DECLARE
  written text;
  own CONSTANT text := $own$ fleet_id = (SELECT public.registry_claim('fleet_id')) AND server_id = (SELECT public.registry_claim('server_id'))
    AND (SELECT public.registry_token_is_current()) $own$;
BEGIN
  FOREACH written IN ARRAY ARRAY['servers', 'organization_servers', 'server_agents', 'server_heartbeats'] LOOP
    EXECUTE format('CREATE POLICY add_own ON public.%I FOR INSERT TO authenticated WITH CHECK (%s)', written, own);
    EXECUTE format('CREATE POLICY change_own ON public.%I FOR UPDATE TO authenticated USING (%s) WITH CHECK (%s)', written, own, own);
  END LOOP;
END
$$;

-- Columns that the registry itself writes, and the generation of tokens, are nobody's to send; and nobody deletes.
GRANT SELECT ON public.servers, public.organization_servers, public.server_agents, public.server_heartbeats, public.server_licences
  TO authenticated;
GRANT INSERT (server_id, fleet_id, version, deleted, release, addresses, hardware),
  UPDATE (server_id, fleet_id, version, deleted, release, addresses, hardware) ON public.servers TO authenticated;
GRANT INSERT (server_id, organization_id, fleet_id, version, deleted, name, active, addresses),
  UPDATE (server_id, organization_id, fleet_id, version, deleted, name, active, addresses) ON public.organization_servers TO authenticated;
GRANT INSERT (server_id, agent_id, fleet_id, version, deleted, organization_id, name, language, state, agent_version, numbers),
  UPDATE (server_id, agent_id, fleet_id, version, deleted, organization_id, name, language, state, agent_version, numbers)
  ON public.server_agents TO authenticated;
GRANT INSERT (server_id, fleet_id, version, deleted, release, sent_at, uptime_seconds, live_calls, max_calls, accepting),
  UPDATE (server_id, fleet_id, version, deleted, release, sent_at, uptime_seconds, live_calls, max_calls, accepting)
  ON public.server_heartbeats TO authenticated;
REVOKE ALL ON SEQUENCE public.registry_positions FROM PUBLIC, anon;
GRANT USAGE ON SEQUENCE public.registry_positions TO authenticated, service_role;
REVOKE ALL ON FUNCTION public.registry_claim(text), public.registry_token_is_current() FROM PUBLIC, anon;
GRANT EXECUTE ON FUNCTION public.registry_claim(text), public.registry_token_is_current() TO authenticated, service_role;
REVOKE ALL ON FUNCTION public.registry_keep_newest(), public.registry_count_version() FROM PUBLIC, anon;
