-- The registry of a fleet: which servers there are, whom they serve, which agent lives where, how they are, and what they may do.
-- Every row belongs to one server of one fleet. Nothing is deleted by a server: what is gone stays as a tombstone, so that others hear of it.
--
-- `version` counts up on the server that owns the row; an older one never replaces a newer one (003-newest.sql).
-- `position` says where in the feed of changes the row stands; `written_xid` which transaction wrote it.

CREATE TABLE IF NOT EXISTS public.servers (
  server_id text PRIMARY KEY CHECK (server_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  fleet_id text NOT NULL CHECK (fleet_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  version bigint NOT NULL CHECK (version > 0),
  deleted boolean NOT NULL DEFAULT false,
  release text NOT NULL CHECK (length(release) <= 64),
  -- SIP and HTTP addresses as the operator wrote them.
  addresses jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(addresses) = 'array' AND length(addresses::text) <= 4096),
  hardware jsonb CHECK (length(hardware::text) <= 16384),
  -- Tokens of an earlier generation are refused: raised by the operator to revoke them.
  token_generation integer NOT NULL DEFAULT 1 CHECK (token_generation > 0),
  written_xid bigint NOT NULL DEFAULT 0,
  position text COLLATE "C" NOT NULL DEFAULT '',
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Which organization is served by which server, and where that server is reached: what a balancer reads.
CREATE TABLE IF NOT EXISTS public.organization_servers (
  server_id text NOT NULL CHECK (server_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  organization_id text NOT NULL CHECK (length(organization_id) BETWEEN 1 AND 64),
  fleet_id text NOT NULL CHECK (fleet_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  version bigint NOT NULL CHECK (version > 0),
  deleted boolean NOT NULL DEFAULT false,
  name text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
  active boolean NOT NULL DEFAULT false,
  addresses jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(addresses) = 'array' AND length(addresses::text) <= 4096),
  written_xid bigint NOT NULL DEFAULT 0,
  position text COLLATE "C" NOT NULL DEFAULT '',
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (server_id, organization_id)
);

-- Which agent lives on which server, and the numbers that lead to it.
CREATE TABLE IF NOT EXISTS public.server_agents (
  server_id text NOT NULL CHECK (server_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  agent_id text NOT NULL CHECK (length(agent_id) BETWEEN 1 AND 64),
  fleet_id text NOT NULL CHECK (fleet_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  version bigint NOT NULL CHECK (version > 0),
  deleted boolean NOT NULL DEFAULT false,
  organization_id text NOT NULL CHECK (length(organization_id) BETWEEN 1 AND 64),
  name text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
  language text NOT NULL DEFAULT '' CHECK (length(language) <= 16),
  state text NOT NULL DEFAULT 'inactive' CHECK (state IN ('registered', 'active', 'inactive')),
  agent_version integer NOT NULL DEFAULT 0 CHECK (agent_version >= 0),
  numbers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(numbers) = 'array' AND length(numbers::text) <= 65536),
  written_xid bigint NOT NULL DEFAULT 0,
  position text COLLATE "C" NOT NULL DEFAULT '',
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (server_id, agent_id)
);
-- Which server answers a number: `numbers @> '["+34910000000"]'`.
CREATE INDEX IF NOT EXISTS server_agents_numbers ON public.server_agents USING gin (numbers jsonb_path_ops);

-- How a server is, twice a minute: the newest word alone.
CREATE TABLE IF NOT EXISTS public.server_heartbeats (
  server_id text PRIMARY KEY CHECK (server_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  fleet_id text NOT NULL CHECK (fleet_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  version bigint NOT NULL CHECK (version > 0),
  deleted boolean NOT NULL DEFAULT false,
  release text NOT NULL CHECK (length(release) <= 64),
  -- The server's own clock; `updated_at` is ours.
  sent_at timestamptz NOT NULL,
  uptime_seconds bigint NOT NULL CHECK (uptime_seconds >= 0),
  live_calls integer NOT NULL CHECK (live_calls >= 0),
  max_calls integer NOT NULL CHECK (max_calls >= 0),
  accepting boolean NOT NULL,
  written_xid bigint NOT NULL DEFAULT 0,
  position text COLLATE "C" NOT NULL DEFAULT '',
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- What a server may do, written by the operator alone.
CREATE TABLE IF NOT EXISTS public.server_licences (
  server_id text PRIMARY KEY CHECK (server_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  fleet_id text NOT NULL CHECK (fleet_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
  deleted boolean NOT NULL DEFAULT false,
  plan text NOT NULL CHECK (plan ~ '^[a-z][a-z0-9-]{1,31}$'),
  state text NOT NULL CHECK (state IN ('active', 'suspended')),
  max_concurrent_calls integer CHECK (max_concurrent_calls BETWEEN 1 AND 100000),
  valid_until timestamptz,
  written_xid bigint NOT NULL DEFAULT 0,
  position text COLLATE "C" NOT NULL DEFAULT '',
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS servers_feed ON public.servers (fleet_id, position);
CREATE INDEX IF NOT EXISTS organization_servers_feed ON public.organization_servers (fleet_id, position);
CREATE INDEX IF NOT EXISTS server_agents_feed ON public.server_agents (fleet_id, position);
CREATE INDEX IF NOT EXISTS server_licences_feed ON public.server_licences (fleet_id, position);
