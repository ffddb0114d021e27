// Which models are in use by how many requests, so that one that was replaced ends when its last request has.
import type { RoleModel } from './role-model.ts';

/** A model in use by one request; disposing gives it back. */
export interface ModelLease extends Disposable {
  readonly model: RoleModel;
}

/** Counts the users of models. Dispose ends every retired one that is left. */
export interface ModelLeases extends AsyncDisposable {
  lease(model: RoleModel): ModelLease;
  /** The model gets no new requests: it ends now, or with its last one. */
  retire(model: RoleModel): void;
}

export function createModelLeases(onFault: (cause: unknown) => void): ModelLeases {
  const users = new Map<RoleModel, number>();
  const retired = new Set<RoleModel>();
  const dismissUnused = (model: RoleModel) => {
    if ((users.get(model) ?? 0) > 0 || !retired.delete(model)) return;
    Promise.resolve(model[Symbol.asyncDispose]()).catch(onFault);
  };
  return {
    lease: (model) => {
      users.set(model, (users.get(model) ?? 0) + 1);
      let isHeld = true;
      const giveBack = () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (users.get(model) ?? 1) - 1;
        if (left > 0) users.set(model, left);
        else users.delete(model);
        dismissUnused(model);
      };
      return { model, [Symbol.dispose]: giveBack };
    },
    retire: (model) => {
      retired.add(model);
      dismissUnused(model);
    },
    [Symbol.asyncDispose]: async () => {
      for (const model of retired) await model[Symbol.asyncDispose]();
    },
  };
}
