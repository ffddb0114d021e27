// One role and the model that serves it now. Loading another is safe: traffic moves when the new one is ready, never before, and what runs ends on the old.
import type { Logger } from 'pino';
import type { Contract } from './contract.ts';
import { createModelLeases, type ModelLease } from './model-leases.ts';
import { RequestRefused, type ModelLimits, type RoleModel } from './role-model.ts';
import { createSerial } from './serial.ts';

/** A role that is served, by one model after another. */
export interface LoadedModel extends AsyncDisposable {
  readonly role: string;
  /** The model that serves new requests; an unavailable one where none could be loaded. */
  readonly current: RoleModel;
  /** Why the last load failed, while an older model still serves; null when it did not. */
  readonly loadFault: string | null;
  lease(): ModelLease;
  /** Called whenever another model has taken over. */
  onChange(listener: () => void): void;
  /** Opens the model anew and moves traffic to it; after the load that is under way, which may have read older files. @throws RequestRefused with the reason; the old model stays. */
  load(): Promise<void>;
  /** Takes the model out of service; what runs on it is finished. */
  unload(): Promise<void>;
}

/** How the model of a role is opened. */
export interface ModelSource {
  readonly contract: Contract;
  /** Name of the engine that is configured; said of a role that has no model. */
  readonly engine: string;
  readonly limits: ModelLimits;
  /** Resolves with a model that is ready. @throws when it cannot be. */
  open(): Promise<RoleModel>;
  readonly log: Logger;
}

/** Opens the role. A first load that fails leaves the role unavailable with its reason. */
export async function openLoadedModel(source: ModelSource): Promise<LoadedModel> {
  const { contract, log } = source;
  const leases = createModelLeases((cause) => log.error({ err: cause }, 'a model that was replaced did not end'));
  let current = unavailableModel(source, 'not loaded yet');
  let loadFault: string | null = null;
  const listeners: (() => void)[] = [];
  let isClosed = false;

  const replace = (next: RoleModel) => {
    const old = current;
    current = next;
    leases.retire(old);
    for (const listener of listeners) listener();
  };
  const loadOnce = async () => {
    try {
      const next = await source.open();
      if (isClosed) return await next[Symbol.asyncDispose]();
      replace(next);
      loadFault = null;
      log.info({ engine: next.engine, note: next.note }, 'model is ready');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const stays = current.state().kind === 'ready';
      loadFault = stays ? reason : null;
      if (!stays) replace(unavailableModel(source, reason));
      log.error({ engine: source.engine, reason, olderOneServes: stays }, 'model did not load');
      const outcome = stays ? 'the one that was loaded before goes on' : 'there is none that could serve';
      throw new RequestRefused('not_loaded', `${contract.role} did not load (${outcome}): ${reason}`, cause);
    }
  };
  const loads = createSerial(loadOnce);
  // Its reason is in the list of models and in the log.
  await loads.run().catch(() => undefined);

  return {
    role: contract.role,
    get current() {
      return current;
    },
    get loadFault() {
      return loadFault;
    },
    lease: () => leases.lease(current),
    onChange: (listener) => void listeners.push(listener),
    load: () => loads.run(),
    unload: async () => {
      await loads.idle();
      loadFault = null;
      replace(unavailableModel(source, 'unloaded on request; load it again by RepositoryModelLoad'));
      log.info({}, 'model is unloaded');
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      await loads.idle();
      await current[Symbol.asyncDispose]();
      await leases[Symbol.asyncDispose]();
    },
  };
}

/** What stands for a role that has no model: it refuses, and says why. */
function unavailableModel({ contract, engine, limits }: ModelSource, reason: string): RoleModel {
  return {
    contract,
    engine,
    note: 'not running',
    limits,
    state: () => ({ kind: 'unavailable', reason }),
    // eslint-disable-next-line eslint/require-yield -- it has nothing to say
    run: async function* () {
      throw new RequestRefused('unavailable', reason);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
