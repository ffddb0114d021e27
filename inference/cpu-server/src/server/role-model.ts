// What the gRPC service asks of a model, whatever engine runs it.
import type { Tensor } from 'triton-client-grpc-generated';
import type { Contract } from './contract.ts';

/** Why a request is refused; each is one gRPC code. */
export type Refusal = 'invalid_argument' | 'unavailable' | 'exhausted' | 'unimplemented' | 'not_found' | 'cancelled' | 'not_loaded';

/** A request that cannot be served as it is. The message tells the caller what to change. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
  }
}

/** Whether a model can be asked. */
export type ModelState = { readonly kind: 'ready' } | { readonly kind: 'unavailable'; readonly reason: string };

/** How many requests run at once, and how many may wait for their turn before more are refused. */
export interface ModelLimits {
  readonly maxRunning: number;
  readonly maxWaiting: number;
}

/** One role, served by one engine. */
export interface RoleModel extends AsyncDisposable {
  readonly contract: Contract;
  /** Engine's name, such as `espeak-ng`; shown as the model's platform. */
  readonly engine: string;
  /** One sentence for people who look at the list of models: what this engine is fit for. */
  readonly note: string;
  readonly limits: ModelLimits;
  state(): ModelState;
  /**
   * Answers a request whose inputs keep the contract, in one part or in many.
   * @throws RequestRefused for what the caller can change; anything else is a fault of the engine.
   */
  run(inputs: readonly Tensor[], signal: AbortSignal): AsyncIterable<readonly Tensor[]>;
}
