/** A plan in lines for whoever reads it: the profile and why, the calls and what binds them, the sum of each term, each model and where it lies. Pure. */
import { toGib } from '#gibibytes.ts';
import type { MachinePlan } from './machine-plan.ts';
import type { SizingPlan } from './sizing-plan.ts';

/** The lines of one plan, without its warnings. */
export function describeSizing({ profile, why, maxConcurrentCalls, binding, terms, models }: SizingPlan): readonly string[] {
  return [
    `profile ${profile}: ${why}`,
    `${maxConcurrentCalls} calls, bound by ${binding}`,
    ...terms.map(({ name, calls, arithmetic }) => `  ${name} ${calls}: ${arithmetic}`),
    ...models.map(
      ({ role, name, precision, vramBytes, gpuUuid }) =>
        `model ${role}: ${name} ${precision}, ${gpuUuid === null ? 'on the processor' : `${toGib(vramBytes)} GiB on ${gpuUuid}`}`,
    ),
  ];
}

/** What the machine could be once its models are fetched; null when that is what it is. */
export function possibleBeyond({ plan, possible }: Pick<MachinePlan, 'plan' | 'possible'>): SizingPlan | null {
  const names = ({ models }: SizingPlan): string => models.map(({ name, precision }) => `${name} ${precision}`).join();
  return possible.profile === plan.profile && names(possible) === names(plan) ? null : possible;
}
