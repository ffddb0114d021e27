/** How long the containers are given to become healthy, and what is told where one does not: of Triton, which model. Pure. */
import type { ContainerProfile } from './container-addresses.ts';

/** Weights of a language model are read for minutes. */
const UP_TIMEOUT_S = 900;
/** While a change of release is watched: with what comes before and after it, the old one must be back within 120 s. */
const WATCHED_UP_TIMEOUT_S = 75;
/** Watched with boards: as long as the compose file lets Triton start (`start_period`), else a new release that starts it again always went back. */
const WATCHED_TRITON_TIMEOUT_S = 600;

/** Of `docker compose up --wait`, in seconds. */
export function upTimeoutS({ profile, isWatched }: { readonly profile: ContainerProfile; readonly isWatched: boolean }): number {
  if (!isWatched) return UP_TIMEOUT_S;
  return profile === 'gpu' ? WATCHED_TRITON_TIMEOUT_S : WATCHED_UP_TIMEOUT_S;
}

/** What Triton's log says of models that it could not load: `failed to load 'NAME' version 1: WHY`, or a folder that is none. */
const UNLOADED = /failed to load '([^']+)' version \d+: (.+)|Poll failed for model directory '([^']+)': (.+)/;

/** Sentences that name each such model with Triton's reason, the last one of each. */
export function findUnloadedModels(log: string): readonly string[] {
  const reasons = new Map<string, string>();
  for (const line of log.split('\n')) {
    const [, name, why, folder, fault] = UNLOADED.exec(line) ?? [];
    const model = name ?? folder;
    if (model !== undefined) reasons.set(model, (why ?? fault ?? '').replace(/"?\s*$/, ''));
  }
  return [...reasons].map(([model, why]) => `the model ${model} does not load: ${why}`);
}
