ALTER TABLE "organizations" ADD COLUMN "overload_position_every_seconds" integer DEFAULT 30;--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_overload_position" CHECK ("organizations"."overload_position_every_seconds" between 10 and 600);--> statement-breakpoint
-- Routing now also says how often a caller who is held is told his place in the line.
DROP FUNCTION find_route(text);--> statement-breakpoint
CREATE FUNCTION find_route(dialled text)
RETURNS TABLE (
  org_id text, slug text, concurrent_calls integer, overload_choice text, overload_destination text, overload_max_wait_seconds integer,
  overload_position_every_seconds integer, agent_id text, name text, language text, voice text, profile jsonb
)
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
    SELECT a.org_id, o.slug, p.concurrent_calls, o.overload_choice, o.overload_destination, o.overload_max_wait_seconds,
      o.overload_position_every_seconds, a.id, a.name, a.language, a.voice, a.profile
    FROM agents a JOIN organizations o ON o.id = a.org_id JOIN plans p ON p.id = o.plan_id
    WHERE a.org_id = owner_id AND a.id = taker_id AND a.active AND o.active;
  PERFORM set_config('app.org_id', '', true);
END
$$;--> statement-breakpoint
REVOKE ALL ON FUNCTION find_route(text) FROM PUBLIC;--> statement-breakpoint
GRANT EXECUTE ON FUNCTION find_route(text) TO centralita_app;
