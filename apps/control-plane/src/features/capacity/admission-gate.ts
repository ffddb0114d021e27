// Whether new calls are taken while those that are up are still answered in time. A pure step: it closes at once and opens again only when things are clearly better.

/** What is looked back on. */
export const GATE_WINDOW_MS = 60_000;

/** What is measured, over that time. Null: nothing to measure, such as a box without a call. */
export type AdmissionReading = {
  /** Silence before answers that 95 % do not exceed, ms. */
  readonly gapP95Ms: number | null;
  /** Wait of requests for a model, ms, of the model where it is longest: what stays of it while the gate is open, what 95 % do not exceed while it is closed. */
  readonly queueMs: number | null;
};

/** Beyond these no call is taken. */
export type AdmissionLimits = { readonly gapP95Ms: number; readonly queueP95Ms: number };

/** What closed the gate: a reading, or that the process can open hardly a file more. */
export type AdmissionCause = 'turn_gap' | 'inference_queue' | 'file_descriptors';

export type AdmissionGate =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'closed';
      readonly cause: AdmissionCause;
      readonly sinceMs: number;
      /** Since when both readings are clearly below their limits; null: one is not. */
      readonly betterSinceMs: number | null;
    };

/** Open again below this share of the limit: at the limit itself the gate would swing with every call. */
const OPEN_BELOW = 0.8;
/** And for as long as this. */
const BETTER_FOR_MS = 10_000;

export const openGate: AdmissionGate = { kind: 'open' };

/** The gate after a reading at `atMs`. */
export function stepGate(
  gate: AdmissionGate,
  reading: AdmissionReading,
  { limits, atMs }: { limits: AdmissionLimits; atMs: number },
): AdmissionGate {
  const exceeds = (share: number): AdmissionCause | null => {
    if ((reading.queueMs ?? 0) > limits.queueP95Ms * share) return 'inference_queue';
    return (reading.gapP95Ms ?? 0) > limits.gapP95Ms * share ? 'turn_gap' : null;
  };
  const cause = exceeds(1);
  if (gate.kind === 'open') return cause === null ? gate : { kind: 'closed', cause, sinceMs: atMs, betterSinceMs: null };
  if (exceeds(OPEN_BELOW) !== null) return { ...gate, cause: cause ?? gate.cause, betterSinceMs: null };
  const betterSinceMs = gate.betterSinceMs ?? atMs;
  return atMs - betterSinceMs >= BETTER_FOR_MS ? openGate : { ...gate, betterSinceMs };
}
