/** What a run would change, step by step: pure, so that `--plan` and the run itself cannot disagree. */
import type { Created } from '#lifecycle/journal.ts';
import type { Facts } from './facts.ts';

/** What a step may use when it acts. */
export type StepTools = {
  readonly facts: Facts;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
};

/** One thing that must be so. */
export type Step = {
  readonly name: string;
  /** What is not as it should be, in words for the operator; none when the step is done. Pure. */
  readonly changes: (facts: Facts) => readonly string[];
  /** What it makes outside the home, for the journal: an uninstall takes away what was not there before. Pure. */
  readonly creates?: (facts: Facts) => readonly Created[];
  /** Makes it so. May be cut short at any moment and run again. */
  readonly apply: (tools: StepTools) => Promise<void>;
};

export type PlannedStep = { readonly step: Step; readonly changes: readonly string[] };

/** The steps that would act, with what each would change. */
export function planSteps(facts: Facts, steps: readonly Step[]): readonly PlannedStep[] {
  return steps.map((step) => ({ step, changes: step.changes(facts) })).filter(({ changes }) => changes.length > 0);
}
