// The ARI client with every request timed, for whoever counts them.
import type { AriClient } from 'asterisk-ari-client';
import { AriError } from 'asterisk-ari-client/ari-error.ts';
import type { UnusableReason } from 'asterisk-ari-client/message.ts';

/** Why a message of Asterisk had no effect. `wrong_value`: a part has nothing in it that we can use; `nobody_listens`: a leg's events before it is taken, beyond those that wait. */
export type DropReason = UnusableReason | 'wrong_value' | 'nobody_listens';

/** What is told of the connection to Asterisk. Nothing here may throw or take time: it is called between the events of calls. */
export type AsteriskObserver = {
  connected(isConnected: boolean): void;
  requested(request: { operation: string; code: string; tookMs: number }): void;
  /** Milliseconds of wall clock from an event's own time stamp until it was handled; negative where two machines' clocks differ. */
  heard(lagMs: number): void;
  dropped(reason: DropReason): void;
  media(change: 'opened' | 'closed' | 'xoff'): void;
};

export const silentObserver: AsteriskObserver = { connected() {}, requested() {}, heard() {}, dropped() {}, media() {} };

/** An observer for an adapter that is opened before whoever observes it. What is told before `observe` is not told to him. */
export function lateObserver(): { readonly observer: AsteriskObserver; readonly observe: (observer: AsteriskObserver) => void } {
  let target = silentObserver;
  let isConnected = false;
  return {
    observer: {
      connected(is) {
        isConnected = is;
        target.connected(is);
      },
      requested: (request) => target.requested(request),
      heard: (lagMs) => target.heard(lagMs),
      dropped: (reason) => target.dropped(reason),
      media: (change) => target.media(change),
    },
    observe(observer) {
      target = observer;
      observer.connected(isConnected);
    },
  };
}

/** The same client; each request is told when it is over. */
export function observedAri(ari: AriClient, observer: AsteriskObserver, nowMs: () => number): AriClient {
  return {
    application: ari.application,
    get transport() {
      return ari.transport;
    },
    async call(operation, parameters, options) {
      const startedAtMs = nowMs();
      let code = 'ok';
      try {
        return await ari.call(operation, parameters, options);
      } catch (error) {
        code = codeOf(error);
        throw error;
      } finally {
        observer.requested({ operation, code, tookMs: nowMs() - startedAtMs });
      }
    },
    subscribe: (listener) => ari.subscribe(listener),
    [Symbol.asyncDispose]: () => ari[Symbol.asyncDispose](),
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof AriError)) return 'cancelled';
  return error.kind === 'refused' ? String(error.status) : error.kind;
}
