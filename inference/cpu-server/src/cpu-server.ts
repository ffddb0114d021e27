// Puts the server together: models, gRPC, metrics. Whoever opens it disposes it; the order of closing is the reverse.
import { collectDefaultMetrics } from 'prom-client';
import type { Logger } from 'pino';
import { createTextToSpeechModel, type EspeakSetup } from '#espeak/text-to-speech-model.ts';
import { readVoiceCatalog } from '#espeak/voice-catalog.ts';
import { openGrpcEndpoint } from '#server/grpc-endpoint.ts';
import { createInferenceService } from '#server/inference-service.ts';
import { openMetricsEndpoint } from '#server/metrics-endpoint.ts';
import { createMetrics } from '#server/metrics.ts';
import { createModelHost } from '#server/model-host.ts';
import type { RoleModel } from '#server/role-model.ts';
import { openSpeechSetup } from '#speech/speech-setup.ts';
import { createSpeechToTextModel } from '#speech/speech-to-text-model.ts';
import type { Config } from '#server/config.ts';

/** A running server. */
export interface CpuServer extends AsyncDisposable {
  readonly grpcPort: number;
  readonly metricsPort: number;
}

/** Opens everything and listens. A model that cannot work is listed as unavailable with its reason; the others serve. */
export async function openCpuServer(config: Config, log: Logger): Promise<CpuServer> {
  await using resources = new AsyncDisposableStack();
  const setup = await espeakSetup(config.espeak);
  const speech = await openSpeechSetup({
    modelDir: config.speechToTextModelDir,
    phrasesFile: config.speechToTextPhrasesFile,
    command: config.espeak,
    espeak: setup,
  });
  const models: readonly RoleModel[] = [
    resources.use(createTextToSpeechModel(config.espeak, setup)),
    resources.use(createSpeechToTextModel(speech)),
  ];
  const metrics = createMetrics();
  // What the process itself takes; its engines are processes of their own.
  collectDefaultMetrics({ register: metrics.registry });
  const hosts = models.map((model) => createModelHost(model, { metrics, log }));
  for (const model of models) logModel(log, model);

  let isDraining = false;
  const service = createInferenceService(hosts, () => isDraining);
  const metricsEndpoint = resources.use(await openMetricsEndpoint(metrics.registry, { host: config.host, port: config.metricsPort }));
  const grpc = resources.use(await openGrpcEndpoint(service, { host: config.host, port: config.grpcPort }));
  const opened = resources.move();
  return {
    grpcPort: grpc.port,
    metricsPort: metricsEndpoint.port,
    [Symbol.asyncDispose]: async () => {
      isDraining = true;
      await opened.disposeAsync();
    },
  };
}

async function espeakSetup(command: Config['espeak']): Promise<EspeakSetup> {
  try {
    return { kind: 'ready', catalog: await readVoiceCatalog(command) };
  } catch (cause) {
    return { kind: 'unavailable', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function logModel(log: Logger, model: RoleModel): void {
  const state = model.state();
  const fields = { model: model.contract.role, engine: model.engine, note: model.note };
  if (state.kind === 'ready') log.info(fields, 'model is ready');
  else log.error({ ...fields, reason: state.reason }, 'model is unavailable');
}
