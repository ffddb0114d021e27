// One load at a time: two at once would both take the memory of a model.

/** Runs `work` now, or after the run that is under way, which may have read older files. Whoever asks while one waits already joins it. */
export function createSerial(work: () => Promise<void>): { run(): Promise<void>; idle(): Promise<void> } {
  let running: Promise<void> | null = null;
  let queued: Promise<void> | null = null;
  const start = () => (running = work().finally(() => (running = null)));
  const settled = (one: Promise<void> | null) => (one ?? Promise.resolve()).catch(() => undefined);
  return {
    run: () => {
      if (running === null) return start();
      return (queued ??= settled(running).then(() => {
        queued = null;
        return start();
      }));
    },
    idle: async () => {
      while (running !== null || queued !== null) await settled(queued ?? running);
    },
  };
}
