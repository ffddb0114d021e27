// One HTTP request to a host that somebody else chose, made so that it cannot reach what only this machine may reach.
import type { HttpToolAnswer } from './http-tool.ts';

/** A request, complete. */
export type OutboundRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** http or https. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; null: no body. */
  readonly body: string | null;
};

/** Sends requests. Throws when one was sent and its answer did not come whole in time. Redirects are not followed. */
export type OutboundHttp = { send(request: OutboundRequest, options: { signal: AbortSignal }): Promise<HttpToolAnswer> };
