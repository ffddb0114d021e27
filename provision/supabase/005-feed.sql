-- What changed in the fleet, in an order in which nothing is missed: a reader goes on after the last `position` that he saw.
-- Rows of transactions that began before one that is still open are held back: their positions may yet be overtaken by a smaller one.
-- `security_invoker`: the policies of whoever reads hold, not those of the view's owner.

CREATE OR REPLACE VIEW public.registry_feed WITH (security_invoker = true) AS
  SELECT * FROM (
    SELECT 'server' AS kind, server_id, server_id AS key, fleet_id, version, deleted, position, written_xid,
      jsonb_build_object('release', release, 'addresses', addresses, 'hardware', hardware) AS fields
      FROM public.servers
    UNION ALL
    SELECT 'organization', server_id, organization_id, fleet_id, version, deleted, position, written_xid,
      jsonb_build_object('name', name, 'active', active, 'addresses', addresses)
      FROM public.organization_servers
    UNION ALL
    SELECT 'agent', server_id, agent_id, fleet_id, version, deleted, position, written_xid,
      jsonb_build_object('organization_id', organization_id, 'name', name, 'language', language, 'state', state,
        'agent_version', agent_version, 'numbers', numbers)
      FROM public.server_agents
    UNION ALL
    SELECT 'licence', server_id, server_id, fleet_id, version, deleted, position, written_xid,
      jsonb_build_object('plan', plan, 'state', state, 'max_concurrent_calls', max_concurrent_calls, 'valid_until', valid_until)
      FROM public.server_licences
  ) AS changes
  WHERE written_xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

REVOKE ALL ON public.registry_feed FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.registry_feed TO authenticated, service_role;

-- PostgREST learns of new tables by this; a Supabase project sends it by itself as well.
NOTIFY pgrst, 'reload schema';
