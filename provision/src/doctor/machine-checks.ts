/** Every check of a machine, in the order in which they are printed. `--check` and the doctor ask the same. */
import type { CheckGroup } from './check.ts';
import { clockChecks } from './clock-checks.ts';
import { diskChecks } from './disk-checks.ts';
import { engineChecks } from './engine-checks.ts';
import { gpuChecks } from './gpu-checks.ts';
import type { MachineSeen } from './machine-seen.ts';
import { networkChecks } from './network-checks.ts';
import { safetyChecks } from './safety-checks.ts';
import { systemChecks } from './system-checks.ts';

export const MACHINE_CHECKS: readonly CheckGroup<MachineSeen>[] = [
  systemChecks,
  diskChecks,
  networkChecks,
  clockChecks,
  gpuChecks,
  engineChecks,
  safetyChecks,
];
