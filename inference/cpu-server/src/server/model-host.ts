// One model as the service runs it: contract check, admission, figures, and then the engine.
import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Tensor } from 'triton-client-grpc-generated';
import { decodeTensors, TensorMismatch } from 'triton-client-grpc-generated/tensor-decoding.ts';
import type { ModelInferRequest, ModelStatistics } from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { createAdmission } from './admission.ts';
import { contractViolation } from './contract.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { Metrics } from './metrics.ts';
import { createStatisticsRecorder } from './model-statistics.ts';
import { codeName, failureOf } from './request-failure.ts';
import { RequestRefused, type RoleModel } from './role-model.ts';

/** A role with its line of waiting requests and its figures. */
export interface ModelHost {
  readonly loaded: LoadedModel;
  statistics(): ModelStatistics;
  /** Answers one wire request. @throws RequestRefused, or the engine's fault. */
  answer(request: ModelInferRequest, signal: AbortSignal): AsyncGenerator<readonly Tensor[], void, undefined>;
}

export function createModelHost(loaded: LoadedModel, observers: { readonly metrics: Metrics; readonly log: Logger }): ModelHost {
  const name = loaded.role;
  const { metrics } = observers;
  const log = observers.log.child({ model: name });
  const admission = createAdmission(() => loaded.current.limits);
  loaded.onChange(() => admission.recheck());
  const recorder = createStatisticsRecorder(name);
  metrics.show(() => {
    const { current } = loaded;
    const { running, waiting } = admission;
    return { model: name, engine: current.engine, isReady: current.state().kind === 'ready', limits: current.limits, running, waiting };
  });

  const admit = async (signal: AbortSignal): Promise<Disposable> => {
    const place = await admission.enter(signal);
    if (place !== null) return place;
    const { maxRunning, maxWaiting } = loaded.current.limits;
    throw new RequestRefused(
      'exhausted',
      `${name} is full: ${maxRunning} requests running and ${admission.waiting} of ${maxWaiting} waiting; try again in a moment`,
    );
  };

  return {
    loaded,
    statistics: () => recorder.snapshot(),
    answer: async function* (request, signal) {
      const startedAt = performance.now();
      let admittedAt = startedAt;
      let isAnswered = false;
      // What the figures say when the reader leaves before the end.
      let code = status.CANCELLED;
      try {
        const inputs = checkedInputs(loaded.current, request);
        using _place = await admit(signal);
        admittedAt = performance.now();
        // Taken only now: a request that waited meets the model of this moment, and no model ends under it.
        using lease = loaded.lease();
        for await (const outputs of lease.model.run(inputs, signal)) {
          if (!isAnswered) metrics.firstReplySeconds.observe({ model: name }, (performance.now() - startedAt) / 1000);
          isAnswered = true;
          yield outputs;
        }
        code = status.OK;
      } catch (cause) {
        if (!signal.aborted) {
          code = failureOf(cause).code;
          log[code === status.INTERNAL ? 'error' : 'info'](
            { err: cause, code: codeName(code), requestId: request.id },
            'inference request failed',
          );
        }
        throw signal.aborted ? new RequestRefused('cancelled', `the ${name} request was cancelled`, cause) : cause;
      } finally {
        const endedAt = performance.now();
        metrics.requests.inc({ model: name, code: codeName(code) });
        metrics.seconds.observe({ model: name }, (endedAt - startedAt) / 1000);
        recorder.record({ isSuccess: code === status.OK, queuedMs: admittedAt - startedAt, computedMs: endedAt - admittedAt });
      }
    },
  };
}

function checkedInputs(model: RoleModel, request: ModelInferRequest): readonly Tensor[] {
  const state = model.state();
  if (state.kind === 'unavailable') throw new RequestRefused('unavailable', `${model.contract.role} is not ready: ${state.reason}`);
  if (request.modelVersion !== '' && request.modelVersion !== '1') {
    throw new RequestRefused('not_found', `${model.contract.role} has version 1 only, not ${request.modelVersion}`);
  }
  try {
    const inputs = decodeTensors(request.inputs, request.rawInputContents);
    const violation = contractViolation(model.contract.inputs, inputs);
    if (violation !== null) throw new RequestRefused('invalid_argument', violation);
    return inputs;
  } catch (cause) {
    throw cause instanceof TensorMismatch ? new RequestRefused('invalid_argument', cause.message, cause) : cause;
  }
}
