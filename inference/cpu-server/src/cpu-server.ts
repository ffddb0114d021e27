// Puts the server together: models, gRPC, metrics. Whoever opens it disposes it; the order of closing is the reverse.
import { collectDefaultMetrics } from 'prom-client';
import type { Logger } from 'pino';
import { engineManifest, type EngineManifest } from '#engines/engine-manifest.ts';
import { watchFolder } from '#engines/folder-watch.ts';
import { limitsOf, openEngine } from '#engines/open-engine.ts';
import type { Config } from '#server/config.ts';
import { readContract, type Role } from '#server/contract.ts';
import { openGrpcEndpoint } from '#server/grpc-endpoint.ts';
import { createInferenceService } from '#server/inference-service.ts';
import { openLoadedModel, type LoadedModel } from '#server/loaded-model.ts';
import { openMetricsEndpoint } from '#server/metrics-endpoint.ts';
import { createMetrics } from '#server/metrics.ts';
import { createModelHost } from '#server/model-host.ts';

/** A running server. */
export interface CpuServer extends AsyncDisposable {
  readonly grpcPort: number;
  readonly metricsPort: number;
}

/** The order of the list of models. */
const roles: readonly Role[] = ['text_to_speech', 'speech_to_text', 'language_model'];

/** Opens everything and listens. A model that cannot work is listed as unavailable with its reason; the others serve. */
export async function openCpuServer(config: Config, log: Logger): Promise<CpuServer> {
  await using resources = new AsyncDisposableStack();
  const manifest = engineManifest(config);
  const metrics = createMetrics();
  // What the process itself takes; its engines are processes of their own.
  collectDefaultMetrics({ register: metrics.registry });
  const served = roles.filter((role) => manifest[role] !== undefined);
  const models = await Promise.all(
    served.map(async (role) => resources.use(await openRole(role, { manifest, config, log: log.child({ model: role }) }))),
  );
  for (const model of models) if (config.watchMs > 0) resources.use(watchRole(model, config));
  const hosts = models.map((model) => createModelHost(model, { metrics, log }));

  let isDraining = false;
  const service = createInferenceService(hosts, () => isDraining);
  const listUnready = () => (isDraining ? ['the server is draining'] : listSilentModels(models));
  const sources = { registry: metrics.registry, listUnready };
  const metricsEndpoint = resources.use(await openMetricsEndpoint(sources, { host: config.host, port: config.metricsPort }));
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

/** Those that every call needs. Without the language model agents follow their flows, and the alerts tell: it keeps nobody from being healthy. */
function listSilentModels(models: readonly LoadedModel[]): readonly string[] {
  return models.flatMap(({ role, current }) => {
    const state = current.state();
    return role === 'language_model' || state.kind === 'ready' ? [] : [`${role}: ${state.reason}`];
  });
}

type RoleParts = { readonly manifest: EngineManifest; readonly config: Config; readonly log: Logger };

function openRole(role: Role, { manifest, config, log }: RoleParts): Promise<LoadedModel> {
  return openLoadedModel({
    contract: readContract(role),
    engine: manifest[role]?.engine ?? '',
    limits: limitsOf(manifest, role),
    // The file is read each time: a load may bring another folder, other limits or another engine.
    open: async () => openEngine(engineManifest(config), role, config),
    log,
  });
}

/** Loads a role anew when its folder holds other weights. */
function watchRole(model: LoadedModel, config: Config): AsyncDisposable {
  const folder = () => {
    try {
      const engine = engineManifest(config)[model.role as Role];
      return engine !== undefined && 'folder' in engine ? engine.folder : null;
    } catch {
      // A file that is being written, or wrong: it is told when a load is asked for.
      return null;
    }
  };
  // What becomes of it is in the log and in the list of models.
  return watchFolder({ folder, everyMs: config.watchMs, onChange: () => model.load().catch(() => undefined) });
}
