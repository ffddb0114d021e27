// Tells the appliance's administrator that something needs a person.

/** What the administrator is told. It names no caller and repeats nothing that anybody said. */
export type AdminAlert = {
  /** The same on every channel and at every try, so that whoever gets it twice can tell. */
  readonly alertId: string;
  /** Noun and verb in the past, such as `global_stop.begun`. */
  readonly type: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly at: Date;
  /** The server that saw it. */
  readonly server: string;
  /** One sentence. */
  readonly summary: string;
  /** Ids and numbers. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
};

/** One way to reach the administrator. */
export type Notifier = {
  /** Such as `webhook`; a name of its own for each. */
  readonly channel: string;
  /** Settles once the far side took it; rejects otherwise, and may be asked again. */
  send(alert: AdminAlert, options: { signal: AbortSignal }): Promise<void>;
};
