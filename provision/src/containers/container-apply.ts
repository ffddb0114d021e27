/** The words of an installation and of its plan in containers: the same that the native runtime takes, read by the same code. */
import { parseApplyWords } from '#lifecycle/apply-verb.ts';
import { parsePlanWords, tellPlan } from '#lifecycle/plan-verb.ts';
import { runModels } from '#models/models-verb.ts';
import { EXIT, ObstacleError } from '#place.ts';
import type { VerbCall } from '#runtime/runtime.ts';
import { runContainerEngines } from './container-engines.ts';
import { chooseProfile, readContainerFacts } from './container-facts.ts';
import { readContainerLimits } from './container-limits.ts';
import { lookAroundContainers } from './container-look.ts';
import { provisionContainers } from './container-run.ts';

/** What a run would change. Exit code 0, or 20 when something is in the way of that plan. */
export async function runContainerPlan({ place, args, signal }: VerbCall): Promise<number> {
  const { isJson, profile } = parsePlanWords(args);
  const { look } = await lookAroundContainers({ ...place, profile, signal });
  return await tellPlan(look, { isJson, running: await readContainerLimits(look.facts, signal) });
}

/** Boards' servers start with the models that are here, so that these come first; the processor's takes them up when it runs already. */
export async function applyContainers({ place, args, signal }: VerbCall): Promise<number> {
  const { options, withModels, pin } = parseApplyWords(args, signal);
  if (!withModels) {
    await provisionContainers(place, signal, options);
    return EXIT.ok;
  }
  const fetchPlanned = async (): Promise<number> => await runModels(place, ['fetch', ...(pin ? ['--pin'] : [])], signal);
  const { profile, facts } = await readContainerFacts({ ...place, profile: options.profile ?? null, signal });
  if (profile === 'gpu') {
    // Nothing is fetched before what no fetching puts right.
    const { unmet } = chooseProfile(facts);
    if (unmet.length > 0) throw new ObstacleError(unmet);
    const fetched = await fetchPlanned();
    if (fetched === EXIT.ok) await provisionContainers(place, signal, options);
    return fetched;
  }
  await provisionContainers(place, signal, options);
  const fetched = await fetchPlanned();
  if (fetched !== EXIT.ok) return fetched;
  await runContainerEngines({ place, args: [], signal });
  await provisionContainers(place, signal, options);
  return EXIT.ok;
}
