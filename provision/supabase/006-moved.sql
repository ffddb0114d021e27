-- After a copy of the registry was restored in another cluster, which counts transactions from its own beginning: rows that say they were written by one
-- that has not begun here would be held back from the feed until the count has come so far. They go to the feed's beginning, before all that follows.
DO $$
DECLARE
  registered text;
BEGIN
  FOREACH registered IN ARRAY ARRAY['servers', 'organization_servers', 'server_agents', 'server_heartbeats', 'server_licences'] LOOP
    -- Their versions are not newer, and the trigger would keep the old row.
    EXECUTE format('ALTER TABLE public.%I DISABLE TRIGGER USER', registered);
    EXECUTE format(
      $move$ UPDATE public.%I
        SET written_xid = 0, position = lpad('', 19, '0') || '-' || lpad(nextval('public.registry_positions')::text, 19, '0')
        WHERE written_xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint $move$,
      registered
    );
    EXECUTE format('ALTER TABLE public.%I ENABLE TRIGGER USER', registered);
  END LOOP;
END
$$;
