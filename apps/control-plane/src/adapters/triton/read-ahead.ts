// Takes a stream off its server as fast as it comes, whatever the pace of its reader: a voice is made in milliseconds and played in seconds.
import { TritonError } from 'triton-client-grpc-generated';

/**
 * Yields what `open` yields. The source is read to its end from the first `next()` on, so hold it only where its length is limited by contract.
 * Leaving the loop aborts the signal that `open` was given; an abort of `signal` throws a cancelled `TritonError` and drops what was read.
 */
export async function* readAhead<Part>(
  open: (signal: AbortSignal) => AsyncIterable<Part>,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const left = new AbortController();
  const parts: Part[] = [];
  let wake = Promise.withResolvers<void>();
  // A record, because the compiler does not see that reading changes it meanwhile.
  const source: { end: { readonly failure: unknown } | 'complete' | null } = { end: null };
  const read = async () => {
    try {
      for await (const part of open(AbortSignal.any([signal, left.signal]))) {
        parts.push(part);
        wake.resolve();
      }
      source.end = 'complete';
    } catch (failure) {
      source.end = { failure };
    }
    wake.resolve();
  };
  void read();
  try {
    for (;;) {
      for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
        yield part;
        // The source may have ended long ago: then nobody but this loop would notice.
        if (signal.aborted) throw abortedWhileRead(signal);
      }
      if (source.end === 'complete') return;
      if (source.end !== null) throw source.end.failure;
      wake = Promise.withResolvers<void>();
      await wake.promise;
    }
  } finally {
    left.abort();
  }
}

function abortedWhileRead(signal: AbortSignal): TritonError {
  return new TritonError({ kind: 'cancelled', code: 'CANCELLED', message: 'the caller cancelled the request', cause: signal.reason });
}
