// One clock for all calls of the process: 100 calls cost 100 packets in each 20 ms, not 100 timers.

/** Packets are due each 20 ms. */
const PACKET_MS = 20;
/** Calls are spread over so many instants of the 20 ms, as those of real callers are; all at once would be a burst that no line has. */
const SLOTS = 4;
/** After a pause of the process longer than this the missed packets are not sent: a telephone that slept does not talk faster. */
const CATCH_UP_PACKETS = 10;

/** Called once for each 20 ms that is due. */
export type Tick = (nowMs: number) => void;

type Slot = { readonly ticks: Set<Tick>; done: number };

/** A 20 ms clock on absolute time: lateness of one tick is not added to the next. */
export class RtpTicker {
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, () => ({ ticks: new Set<Tick>(), done: 0 }));
  #timer: NodeJS.Timeout | null = null;

  /** Adds a call; the answer takes it away again. */
  add(tick: Tick): () => void {
    const index = this.#slots.reduce((best, slot, i) => (slot.ticks.size < (this.#slots[best] as Slot).ticks.size ? i : best), 0);
    const slot = this.#slots[index] as Slot;
    if (slot.ticks.size === 0) slot.done = dueCount(index, performance.now());
    slot.ticks.add(tick);
    this.#arm();
    return () => {
      slot.ticks.delete(tick);
      if (this.#slots.every(({ ticks }) => ticks.size === 0) && this.#timer) {
        clearTimeout(this.#timer);
        this.#timer = null;
      }
    };
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const next = this.#slots.flatMap((slot, index) => (slot.ticks.size > 0 ? [(slot.done + 1) * PACKET_MS + offsetMs(index)] : []));
    this.#timer = next.length > 0 ? setTimeout(() => this.#run(), Math.max(0, Math.min(...next) - performance.now())) : null;
  }

  #run(): void {
    const nowMs = performance.now();
    for (const [index, slot] of this.#slots.entries()) {
      const due = dueCount(index, nowMs);
      const missed = Math.min(due - slot.done, CATCH_UP_PACKETS);
      slot.done = due;
      for (let i = 0; i < missed; i++) for (const tick of slot.ticks) tick(nowMs);
    }
    this.#arm();
  }
}

function offsetMs(index: number): number {
  return (index * PACKET_MS) / SLOTS;
}

/** How many packets of a slot are due since the start of the process's clock. */
function dueCount(index: number, nowMs: number): number {
  return Math.floor((nowMs - offsetMs(index)) / PACKET_MS);
}
