// How many requests one model works on at once; the rest wait in a short line, and a full line says so at once.

import type { ModelLimits } from './role-model.ts';

/** Limits and present load of one model. */
export interface Admission {
  readonly running: number;
  /** Requests waiting for their turn. */
  readonly waiting: number;
  /** Resolves with the place when it is the request's turn, with null when the line is full. @throws the signal's reason on abort. */
  enter(signal: AbortSignal): Promise<Disposable | null>;
  /** Lets those who wait in, as far as limits that were raised allow. */
  recheck(): void;
}

/** A line served in order of arrival. The limits are asked each time: a model that is loaded anew may bring others. */
export function createAdmission(limitsNow: () => ModelLimits): Admission {
  const line: (() => void)[] = [];
  let running = 0;

  // As many as there are places for, which may be more than one after the limit was raised and none after it was lowered.
  const admitWaiting = () => {
    while (running < limitsNow().maxRunning) {
      const next = line.shift();
      if (next === undefined) return;
      running += 1;
      next();
    }
  };
  const place = (): Disposable => {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        running -= 1;
        admitWaiting();
      },
    };
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return line.length;
    },
    recheck: admitWaiting,
    enter: async (signal) => {
      signal.throwIfAborted();
      const limits = limitsNow();
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
