/** Requests sent over the socket that wait for their answer, found again by their id. */
import { AriError } from './ari-error.ts';
import type { EventSocket } from './event-socket.ts';
import type { SocketAnswer } from './message.ts';
import type { AriAnswer, AriRequest } from './request.ts';

export interface PendingRequests {
  /** Sends and waits. Throws AriError `unreachable`, `connection_lost` or `overloaded`, or the signal's reason. */
  send(socket: EventSocket, request: AriRequest, signal: AbortSignal): Promise<AriAnswer>;
  /** An answer came in; one that nobody waits for any more is dropped. */
  settle(answer: SocketAnswer): void;
  /** The connection is gone: fails everything that waits. */
  failAll(kind: 'connection_lost' | 'closed', detail: string): void;
}

interface Pending {
  readonly request: AriRequest;
  readonly resolve: (answer: AriAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** At 0.2 ms a request this is minutes of normal work: more means that Asterisk answers nothing any more. */
const MAX_PENDING = 4_096;

export function createPendingRequests(): PendingRequests {
  const pending = new Map<string, Pending>();
  let lastId = 0;
  return {
    async send(socket, request, signal) {
      signal.throwIfAborted();
      if (pending.size >= MAX_PENDING)
        throw new AriError(request.operation, { kind: 'overloaded', detail: `${MAX_PENDING} requests wait for an answer` });
      const id = String(++lastId);
      const { promise, resolve, reject } = Promise.withResolvers<AriAnswer>();
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      pending.set(id, { request, resolve, reject });
      try {
        if (!socket.send(envelope(id, request))) throw new AriError(request.operation, { kind: 'unreachable' });
        return await promise;
      } finally {
        pending.delete(id);
        signal.removeEventListener('abort', abort);
      }
    },
    settle: ({ requestId, ...answer }) => pending.get(requestId)?.resolve(answer),
    failAll(kind, detail) {
      for (const { request, reject } of pending.values()) reject(new AriError(request.operation, { kind, detail }));
    },
  };
}

function envelope(id: string, request: AriRequest): string {
  const body = request.body === null ? {} : { content_type: 'application/json', message_body: request.body };
  return JSON.stringify({ type: 'RESTRequest', transaction_id: id, request_id: id, method: request.method, uri: request.uri, ...body });
}
