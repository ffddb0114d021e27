// What the telephone system must know of phones and trunks. The database is the truth; this port makes the telephone system follow it.

/** A representative's phone: may register, rings under its user name, and reaches its own organization's phones. */
export type DirectoryPhone = {
  readonly kind: 'phone';
  /** `<extension>-<organizationSlug>`. */
  readonly username: string;
  readonly organizationSlug: string;
  readonly extension: string;
  readonly displayName: string;
  /** HA1 of the digest in realm `asterisk`, 32 hexadecimal digits. */
  readonly digestHa1: string;
};

/** An uplink to a carrier. */
export type DirectoryTrunk = {
  readonly kind: 'trunk';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Addresses or networks (CIDR) whose calls belong to it. */
  readonly matches: readonly string[];
  /** For the carrier's challenge; null when it knows us by our address. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** Whether we register at the carrier; needs credentials. */
  readonly registers: boolean;
};

export type DirectoryEntry = DirectoryPhone | DirectoryTrunk;

/** Names an entry: a phone by its user name, a trunk by its name. */
export type DirectoryKey = { readonly kind: DirectoryEntry['kind']; readonly name: string };

/** Whether the telephone system has it now. After `failed` it may have half of it, until the next reconciliation. */
export type PushOutcome = { readonly kind: 'applied' } | { readonly kind: 'failed'; readonly reason: string };

/** What a reconciliation found and did. */
export type ReconcileReport = {
  readonly unchanged: number;
  readonly pushed: readonly DirectoryKey[];
  readonly removed: readonly DirectoryKey[];
  readonly failed: readonly { readonly key: DirectoryKey; readonly reason: string }[];
};

/** What a reconciliation works with. */
export type ReconcileOptions = {
  readonly signal: AbortSignal;
  /**
   * The entry as it is wanted at this moment, null when it is not. Asked right before each change, and what it says is done: `wanted` was read
   * before, and another process may have pushed what is newer.
   */
  readonly lookAgain: (key: DirectoryKey) => Promise<DirectoryEntry | null>;
};

/** The telephone system's list of phones and trunks. */
export type TelephonyDirectory = {
  /** Makes the list equal to `wanted`: pushes what differs, removes what nobody wants. Rejects only when the list cannot be read. */
  reconcile(wanted: readonly DirectoryEntry[], options: ReconcileOptions): Promise<ReconcileReport>;
  /** Adds or replaces one entry. Never rejects. */
  put(entry: DirectoryEntry, options: { signal: AbortSignal }): Promise<PushOutcome>;
  /** Takes one entry away; one that is not there counts as taken away. Never rejects. */
  remove(key: DirectoryKey, options: { signal: AbortSignal }): Promise<PushOutcome>;
  /** Sets who is told whenever the telephone system is reached, first or again. It may have forgotten everything meanwhile. */
  onConnected(listener: () => void): void;
};
