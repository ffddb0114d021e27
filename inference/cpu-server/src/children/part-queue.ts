// Parts of one answer on their way from where they arrive to whoever reads them.

/** Filled from one side, read from the other. Unbounded: what is put in is one sentence of sound or one text. */
export interface PartQueue<Part> {
  /** True once the writer has said that it was the last, or that it failed. */
  readonly isEnded: boolean;
  push(part: Part): void;
  end(): void;
  /** Ends it with an error, after what was pushed before; a second end changes nothing. */
  fail(cause: Error): void;
  read(): AsyncGenerator<Part, void, undefined>;
}

export function createPartQueue<Part>(): PartQueue<Part> {
  const parts: Part[] = [];
  let ending: { readonly cause: Error | null } | null = null;
  let wake = Promise.withResolvers<void>();
  const finish = (cause: Error | null) => {
    ending ??= { cause };
    wake.resolve();
  };
  return {
    get isEnded() {
      return ending !== null;
    },
    push: (part) => {
      if (ending !== null) return;
      parts.push(part);
      wake.resolve();
    },
    end: () => finish(null),
    fail: (cause) => finish(cause),
    read: async function* () {
      for (;;) {
        while (parts.length > 0) yield parts.shift() as Part;
        if (ending !== null) break;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
      if (ending.cause !== null) throw ending.cause;
    },
  };
}
