/**
 * How many calls are admitted: what the machine measured, else what it was planned with, else what its operator wrote. `.env` holds two figures, so that one
 * can tell his from ours: `MAX_CONCURRENT_CALLS` is his to change, `SIZED_CONCURRENT_CALLS` is what the sizing last put there. Pure.
 */
import type { SizingPlan } from './sizing-plan.ts';

export type AdmittedCalls = {
  /** Into `MAX_CONCURRENT_CALLS`. */
  readonly calls: number;
  /** Into `SIZED_CONCURRENT_CALLS`. */
  readonly sized: number;
  /** The operator admits more than the machine measured. */
  readonly warning: string | null;
};

/** From the plan and what `.env` says of the two. */
export function admitCalls({
  sizing: { plan },
  settings: { MAX_CONCURRENT_CALLS: max, SIZED_CONCURRENT_CALLS: sized },
}: {
  readonly sizing: { readonly plan: Pick<SizingPlan, 'maxConcurrentCalls' | 'isMeasured'> };
  readonly settings: { readonly MAX_CONCURRENT_CALLS?: number | undefined; readonly SIZED_CONCURRENT_CALLS?: number | undefined };
}): AdmittedCalls {
  const { isMeasured } = plan;
  // A machine that the table refuses is refused by its obstacles; here every figure must be one at least.
  const planned = Math.max(1, plan.maxConcurrentCalls);
  if (max === undefined) return { calls: planned, sized: planned, warning: null };
  // An earlier release wrote no second figure: its own is the one that would be planned today.
  const isOurs = max === (sized ?? planned);
  if (isMeasured && isOurs) return { calls: planned, sized: planned, warning: null };
  // Planned anew every time it would follow the free disk up and down: without a measurement what was written stays.
  const kept = isMeasured ? planned : (sized ?? planned);
  const exceeds = isMeasured && max > planned;
  return {
    calls: max,
    sized: kept,
    warning: exceeds
      ? `MAX_CONCURRENT_CALLS=${max} was set by hand; by its measurement this machine bears ${planned}. Fix: take the line out of .env and run again`
      : null,
  };
}

/** Both figures, always written. */
export function renderAdmitted({ calls, sized }: AdmittedCalls): Readonly<Record<string, string>> {
  return { MAX_CONCURRENT_CALLS: String(calls), SIZED_CONCURRENT_CALLS: String(sized) };
}
