// Where the servers of a fleet tell each other that they are there. Never on the path of a call: whoever asks is a loop of its own.

/** The tables that a server writes. */
export const registryTables = ['servers', 'organization_servers', 'server_agents', 'server_heartbeats'] as const;
export type RegistryTable = (typeof registryTables)[number];

/** Who this server is to the registry, as its token says. */
export type RegistryIdentity = {
  readonly serverId: string;
  /** The servers that may read each other. */
  readonly fleetId: string;
  /** When the token ends; null when it does not. */
  readonly expiresAt: Date | null;
};

/** A row of this server's, as it is to be from now on. */
export type RegistryRow = {
  /** What it is about: an organization, an agent, or the server itself. */
  readonly key: string;
  /** Counts up; the registry keeps a newer one that it has. */
  readonly version: number;
  /** A tombstone: the fields are then empty. */
  readonly isDeleted: boolean;
  /** Columns of the table beyond those above. */
  readonly fields: Readonly<Record<string, unknown>>;
};

/** Why nothing came of a request. */
export type RegistryFailure =
  /** Nobody answered, or he could not: to be tried again. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** The token is not accepted, or not for this: tried again slowly, until somebody puts another one there. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The registry does not take these rows as they are: the same again would fail the same way. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** The version that the registry has of each row that was sent: the one sent, or a newer one. */
export type PushOutcome = { readonly kind: 'stored'; readonly versions: ReadonlyMap<string, number> } | RegistryFailure;

/** Something that the registry tells, as it came: nothing of it is checked yet but that it is an object. */
export type ForeignRow = Readonly<Record<string, unknown>>;
export type PullOutcome = { readonly kind: 'rows'; readonly rows: readonly ForeignRow[] } | RegistryFailure;

/** One registry. No method throws for what a network or a far side does; each ends within its own limit. */
export type ServerRegistry = {
  /** As the token says that was used last: it may be replaced by one that ends later. */
  readonly identity: RegistryIdentity;
  /** Stores rows of this server, at most 100 of one table, all or none. Sent twice they are stored once. */
  push(table: RegistryTable, rows: readonly RegistryRow[], options: { signal: AbortSignal }): Promise<PushOutcome>;
  /** Makes tombstones of this server's rows that are older than `version` and still stand, under that version. */
  retire(
    table: RegistryTable,
    version: number,
    options: { signal: AbortSignal },
  ): Promise<{ readonly kind: 'retired'; readonly rows: number } | RegistryFailure>;
  /** What changed in the fleet after a position, in order, at most `limit` rows; from the beginning with an empty position. */
  changes(page: { readonly after: string; readonly limit: number }, options: { signal: AbortSignal }): Promise<PullOutcome>;
  /** The newest word of every server of the fleet, at most `limit`. */
  heartbeats(page: { readonly limit: number }, options: { signal: AbortSignal }): Promise<PullOutcome>;
};
