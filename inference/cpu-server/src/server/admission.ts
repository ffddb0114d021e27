// How many requests one model works on at once; the rest wait in a short line, and a full line says so at once.

/** Limits and present load of one model. */
export interface Admission {
  /** Requests waiting for their turn. */
  readonly waiting: number;
  /** Resolves with the place when it is the request's turn, with null when the line is full. @throws the signal's reason on abort. */
  enter(signal: AbortSignal): Promise<Disposable | null>;
}

/** A line served in order of arrival. */
export function createAdmission(limits: { readonly maxRunning: number; readonly maxWaiting: number }): Admission {
  const line: (() => void)[] = [];
  let running = 0;

  const place = (): Disposable => {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        const next = line.shift();
        if (next === undefined) running -= 1;
        else next();
      },
    };
  };

  return {
    get waiting() {
      return line.length;
    },
    enter: async (signal) => {
      signal.throwIfAborted();
      if (running < limits.maxRunning) {
        running += 1;
        return place();
      }
      if (line.length >= limits.maxWaiting) return null;
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          line.splice(line.indexOf(turn), 1);
          reject(signal.reason as Error);
        };
        const turn = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
        line.push(turn);
      });
      return place();
    },
  };
}
