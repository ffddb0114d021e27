// Keeps a bug in one call's handler away from whoever calls it: a socket, a thread's answer, a promise.

/** The same handler, which never throws: what it threw goes to `onBug`. */
export function guarded<Event>(handle: (event: Event) => void, onBug: (error: unknown) => void): (event: Event) => void {
  return (event) => {
    try {
      handle(event);
    } catch (error) {
      onBug(error);
    }
  };
}
