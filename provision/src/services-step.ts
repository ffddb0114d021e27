/** Starts what does not run and restarts what runs on an older configuration or older code. */
import { describeAppliance } from './appliance.ts';
import type { Appliance } from './appliance.ts';
import type { Facts } from './facts.ts';
import { waitUntilReady } from './health.ts';
import type { Step } from './plan.ts';
import { SERVICE_NAMES } from './services.ts';
import type { ServiceName } from './services.ts';
import { updateState } from './state.ts';
import { readLogEnd, restartService } from './supervisor.ts';

/** A first start loads models and warms voices; on a busy two-core machine it took 20 s. */
const READY_TIMEOUT_MS = 90_000;
/** While a change of release is watched, it is half the time in which the old one must be back: 120 s. */
const WATCHED_READY_TIMEOUT_MS = 60_000;
/** PostgreSQL has a step of its own: the migrations come between it and the rest. */
const NAMES = SERVICE_NAMES.filter((name) => name !== 'postgres');

/** What is wrong with the services named, in words. */
export function listServiceChanges(facts: Facts, appliance: Appliance, names: readonly ServiceName[]): readonly string[] {
  return appliance.services
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, digest }) => {
      if (facts.services[name] !== 'RUNNING') return [`start ${name}`];
      return facts.state.started[name] === digest ? [] : [`restart ${name}: its configuration or code changed`];
    });
}

/** Starts or restarts one service and waits until it answers. */
export async function startService(
  facts: Facts,
  appliance: Appliance,
  options: { readonly name: ServiceName; readonly signal: AbortSignal },
): Promise<void> {
  const { name, signal } = options;
  const timeoutMs = facts.state.releaseChange ? WATCHED_READY_TIMEOUT_MS : READY_TIMEOUT_MS;
  await restartService(facts.home, name);
  try {
    await waitUntilReady(facts, appliance, { name, signal, timeoutMs });
  } catch (cause) {
    throw new Error(`${name} does not get ready. The end of its log:\n${await readLogEnd(facts.home, name)}`, { cause });
  }
  const digest = appliance.services.find((service) => service.name === name)?.digest;
  await updateState(facts.home, (state) => ({ started: { ...state.started, ...(digest === undefined ? {} : { [name]: digest }) } }));
}

export const servicesStep: Step = {
  name: 'services',
  changes: (facts) => {
    const appliance = describeAppliance(facts);
    return appliance ? listServiceChanges(facts, appliance, NAMES) : [`start ${NAMES.join(', ')}`];
  },
  apply: async ({ facts, log, signal }) => {
    const appliance = describeAppliance(facts);
    if (!appliance) throw new Error('services: nothing to start yet');
    for (const name of NAMES) {
      if (listServiceChanges(facts, appliance, [name]).length === 0) continue;
      log(`services: starting ${name}`);
      await startService(facts, appliance, { name, signal });
    }
  },
};
