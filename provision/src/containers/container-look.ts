/** One look at everything before a run with containers, in the form that the native runtime has: what would change, what is in the way, what is worth a word. */
import type { Facts, FactsPlace } from '#facts.ts';
import { describeMachineLine, withMirrorsClock } from '#lifecycle/look.ts';
import { askMirror } from '#lifecycle/mirror.ts';
import { listFindings } from '#lifecycle/obstacles.ts';
import type { Planned } from '#lifecycle/plan-verb.ts';
import type { Finding } from '#place.ts';
import { listKeptInContainers } from './container-addresses.ts';
import { readContainerFacts } from './container-facts.ts';
import type { ContainerFacts } from './container-facts.ts';
import { findContainerObstacles } from './container-obstacles.ts';
import { containerSteps, mustFetchBase } from './container-steps.ts';
import { listMissingForeign } from './foreign-images.ts';
import { BASE_SUITE } from './identities.ts';
import { recipeTag } from './image-archive.ts';

/** Looks. Changes nothing; the mirror is asked only where something must be fetched from it. */
export async function lookAroundContainers(
  place: FactsPlace & { readonly signal: AbortSignal },
): Promise<{ readonly now: ContainerFacts; readonly look: Planned }> {
  const now = await readContainerFacts(place);
  // What a bundle brought is in the engine before the first run writes it down.
  const isBaseHere = async (): Promise<boolean> =>
    now.engine.compose !== null && (await listMissingForeign([recipeTag('base', now.recipes.base)], place.signal)).length === 0;
  if (!mustFetchBase(now) || (await isBaseHere())) return { now, look: lookAtContainers(now, { mirrorFault: null }) };
  const { fault, clockOffsetMs } = await askMirror(BASE_SUITE, place.signal);
  const judged = { ...now, facts: withMirrorsClock(now.facts, clockOffsetMs) };
  return { now, look: lookAtContainers(judged, { mirrorFault: fault }) };
}

/** What follows from what was found out. Pure. */
export function lookAtContainers(now: ContainerFacts, { mirrorFault }: { readonly mirrorFault: string | null }): Planned {
  const { facts, engine } = now;
  return {
    facts,
    machineLine: `${describeMachineLine(facts)}; containers with engine ${engine.version}`,
    planned: containerSteps.map((step) => ({ step, changes: step.changes(now) })).filter(({ changes }) => changes.length > 0),
    kept: listKeptInContainers(facts, now.profile),
    obstacles: findContainerObstacles(now, { mirrorFault }),
    warnings: [...(now.profile === 'cpu' ? findBrokenBoard(facts) : []), ...listFindings({ facts, mirrorFault }).warnings],
  };
}

/** The processor serves the models then: it is no obstacle here, and of `--profile cpu` the findings speak themselves. */
function findBrokenBoard({ hardware: { gpu }, settings }: Facts): readonly Finding[] {
  return gpu.kind === 'broken' && settings.PROFILE !== 'cpu' ? [{ name: 'gpu', reason: gpu.reason, fix: gpu.fix }] : [];
}
