/** The one judge of all faults: nothing is left, nothing leaked, a series moved, and some line says why. */
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { countOf, leftoversOf } from '@centralita/e2e/leftovers.ts';
import { metricOf, movedByFault } from './fault-calm.ts';
import type { Calm } from './fault-calm.ts';
import type { Fault } from './fault.ts';
import type { Trial } from './fault-trial.ts';
import type { FaultWatch } from './fault-watch.ts';
import type { FaultWorld } from './fault-world.ts';

/** What a process holds. */
export type Holdings = { readonly pid: number; readonly descriptors: number; readonly threads: number };

/** Connections of the API and of the database's pool come and go by themselves: so many more are no leak. */
const SLACK = { descriptors: 10, threads: 4 };
const SETTLE_MS = 20_000;

export async function holdingsOf(pid: number): Promise<Holdings> {
  const [descriptors, threads] = await Promise.all([readdir(`/proc/${pid}/fd`), readdir(`/proc/${pid}/task`)]);
  return { pid, descriptors: descriptors.length, threads: threads.length };
}

type Judged = { readonly trial: Trial; readonly watch: FaultWatch; readonly before: Holdings; readonly calm: Calm };

/** What is wrong after a fault, in words; empty when it was survived. */
export async function judge(world: FaultWorld, fault: Fault, { trial, watch, before, calm }: Judged): Promise<readonly string[]> {
  const settleMs = fault.settleMs ?? SETTLE_MS;
  const problems: string[] = [];
  const { controlPlane } = world.rig;
  if (!controlPlane.isRunning()) return ['the control plane does not run'];
  if (controlPlane.pid !== before.pid && fault.replacesControlPlane !== true) problems.push('the control plane is another process');
  const left = await leftoversOf(world.rig, { withinMs: settleMs });
  if (countOf(left) > 0) problems.push(`left behind: ${JSON.stringify(left)}`);
  const open = (await trial.calls()).filter(({ endedAt }) => endedAt === null);
  if (open.length > 0) problems.push(`${open.length} rows of calls are not at their end`);
  const leak = await leakSince(before, controlPlane.pid, settleMs);
  if (leak !== null) problems.push(leak);
  const { series, atLeast } = metricOf(fault.metric);
  if (!movedByFault(fault.metric, await watch.moved(), calm)) problems.push(`no series ${series.source} moved by ${atLeast} or more`);
  if (!(await watch.lines(trial)).some((line) => fault.cause.test(line))) problems.push(`no line says ${fault.cause.source}`);
  return problems;
}

/** Null when the process holds no more than before. A new process is compared with the old one. */
async function leakSince(before: Holdings, pid: number, settleMs: number): Promise<string | null> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const now = await holdingsOf(pid);
    const isBack = now.descriptors <= before.descriptors + SLACK.descriptors && now.threads <= before.threads + SLACK.threads;
    if (isBack) return null;
    if (performance.now() > deadline)
      return `${now.descriptors} descriptors and ${now.threads} threads, before ${before.descriptors} and ${before.threads}`;
    await sleep(300);
  }
}
