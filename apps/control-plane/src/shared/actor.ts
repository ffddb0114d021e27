// Who does something that is written down: the audit log's first column.

/** Who acts, from where, under which request. Handlers find theirs in the request; jobs and commands make their own. */
export type Actor = {
  /** `token`: an organization's machine, `admin`: the holder of the admin key, `job`: the appliance by itself, `command`: a person on the box. */
  readonly kind: 'token' | 'admin' | 'job' | 'command';
  /** A token's id, a job's or a command's name; `admin` for the admin. */
  readonly name: string;
  /** Network address of the request; null without one. */
  readonly address: string | null;
  /** Id under which the request was answered and logged; null without one. */
  readonly requestId: string | null;
};
