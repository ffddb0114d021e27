// Whether there is a connection to Asterisk, and what becomes of work that a cut interrupts: the caller is still there, so it is done again.
import { AriError } from 'asterisk-ari-client/ari-error.ts';
import { orAborted, pause } from '#shared/waiting.ts';
import { AFTER_CUT_MS } from './limits.ts';

/** The event socket, as those see it who wait for its events. */
export type Connection = {
  /** Told by whoever hears of it. */
  changed(isConnected: boolean): void;
  /** Calls `listener` when the connection breaks, until disposed. */
  onCut(listener: (error: Error) => void): Disposable;
  /** How often it broke. */
  cuts(): number;
  /** Settles when there is one; at once when there is. */
  untilConnected(): Promise<void>;
};

export function openConnection(): Connection {
  const listeners = new Set<(error: Error) => void>();
  let connected = Promise.withResolvers<void>();
  let cuts = 0;
  return {
    changed(isConnected) {
      if (isConnected) return connected.resolve();
      connected = Promise.withResolvers<void>();
      cuts += 1;
      for (const listener of listeners) listener(new Error('the connection to Asterisk broke'));
    },
    onCut(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    cuts: () => cuts,
    untilConnected: () => connected.promise,
  };
}

/**
 * Does `work` once there is a connection, and again when it failed while that broke or could not be reached, for as long as `signal` allows; any other
 * failure is thrown. Without this a caller whose sound was being built in that moment was hung up, though all other calls outlive a cut. `work` must bear
 * being done twice: a request whose answer was lost may have been carried out.
 */
export async function throughCuts<Result>(connection: Connection, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    // What is begun without a connection succeeds, and its events are told to nobody.
    await orAborted(connection.untilConnected(), signal);
    const cuts = connection.cuts();
    try {
      return await work();
    } catch (error) {
      if (connection.cuts() === cuts && !isOutOfReach(error)) throw error;
      await pause(AFTER_CUT_MS, signal);
      await orAborted(connection.untilConnected(), signal).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}

/** A request may fail by the cut before we are told of it, and by HTTP while Asterisk starts. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof AriError && (error.kind === 'connection_lost' || error.kind === 'unreachable');
}
