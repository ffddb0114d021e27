// The process: the only file that reads the environment and names every adapter.
//
//   node main.ts              serves calls and HTTP until SIGTERM or SIGINT; as a service it is started by `boot.ts`
//   node main.ts migrate      brings the database of DATABASE_MIGRATION_URL to this release
//   node main.ts seed-demo    adds the demo organization to DATABASE_URL, its phone with DEMO_PHONE_PASSWORD, prints it as JSON
//   node main.ts record-admin-key-rotation    writes into the audit log that the provisioner replaced the admin key
import { join } from 'node:path';
import { openAppendLog } from '#adapters/disk/append-log.ts';
import { createRecordingStorage } from '#adapters/disk/recording-storage.ts';
import { readAdminKeyHash, readSecretKeys } from '#adapters/disk/secret-files.ts';
import { readServerDescription } from '#adapters/disk/server-description.ts';
import { createHashedNgramEmbedding } from '#adapters/embedding/hashed-ngram.ts';
import { createOutboundHttp } from '#adapters/http-tool/outbound-http.ts';
import { openSentenceTransformers } from '#adapters/embedding/sentence-transformers.ts';
import { createEmailNotifier } from '#adapters/notify/email-notifier.ts';
import { createLogNotifier } from '#adapters/notify/log-notifier.ts';
import { createWebhookNotifier } from '#adapters/notify/webhook-notifier.ts';
import { watchDescriptors } from '#adapters/host/descriptor-watch.ts';
import { createResourceProbe } from '#adapters/host/resource-probe.ts';
import { openSupabaseRegistry } from '#adapters/supabase/supabase-registry.ts';
import { openSilero } from '#adapters/silero/silero.ts';
import { chatTemplate } from '#adapters/triton/chat-template.ts';
import { readModelFolder } from '#adapters/triton/model-folder.ts';
import type { Triton } from '#adapters/triton/triton.ts';
import { openTriton } from '#adapters/triton/triton.ts';
import { openDatabase } from '#db/client.ts';
import { recordAdminKeyRotation } from '#features/access/admin-key-record.ts';
import { migrateDatabase } from '#db/migrate.ts';
import type { Dependency } from '#features/appliance/dependency-board.ts';
import { down, up } from '#features/appliance/dependency-board.ts';
import type { ReadinessCheck } from '#features/appliance/readiness.ts';
import { seedDemo } from '#features/appliance/seed-demo.ts';
import type { Embeddings } from '#features/knowledge/knowledge-search-store.ts';
import { withSlowTelephonyLogged } from '#features/telephony/slow-telephony.ts';
import { inferenceRoles } from '#ports/inference-error.ts';
import type { Notifier } from '#ports/notifier.ts';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { RELEASE } from '#shared/release.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { Config } from './config.ts';
import { ConfigError, loadMigrationConfig, loadRecordConfig, loadSeedConfig } from './config.ts';
import { createControlPlane } from './control-plane.ts';
import type { ConfiguredRegistry } from './server-registry.ts';
import { openEarlyCalls } from './early-calls.ts';
import type { EarlyCalls } from './early-calls.ts';
import { openProcessMetrics } from './metrics.ts';
import { withSecretFiles } from './secret-variables.ts';

/** An answer after this is of no use to a caller; the engine gives up a little earlier. */
const SPEECH_TO_TEXT_DEADLINE_MS = 5_000;
/** A sentence of 2,000 characters is two minutes of sound, made several times faster than it is spoken. */
const TEXT_TO_SPEECH_DEADLINE_MS = 60_000;
/** A whole reply; its first words have their own, shorter limit in the engine. */
const LANGUAGE_MODEL_DEADLINE_MS = 60_000;

/** Exit codes of sysexits.h, which supervisors and scripts know. */
const EXIT_USAGE = 64;
const EXIT_SOFTWARE = 70;
const EXIT_CONFIG = 78;

/** Serves with a telephone system that is connected already. */
export async function serve(early: EarlyCalls): Promise<void> {
  const { log } = early;
  surviveRejections(log);
  const signals = stopSignals(log);
  try {
    await serveUntilStopped(early, signals);
  } catch (error) {
    if (!signals.stop.signal.aborted) throw error;
    log.warn({ error: loggableError(error) }, 'stopped on the way up or down');
  }
}

async function serveUntilStopped(early: EarlyCalls, { stop, force }: StopSignals): Promise<void> {
  const { config, log, callControl, announcements } = early;
  const secretKeys = await readSecretKeys(config.secretKeysFile);
  const adminKeyHash = () => readAdminKeyHash(config.adminKeyHashFile);
  await adminKeyHash();
  await using database = await openDatabase({ kind: 'server', url: config.databaseUrl });
  await using triton = openTriton(await tritonOptions(config));
  await using voiceActivity = await openSilero({
    ...(config.voiceActivityModel ? { modelPath: config.voiceActivityModel } : {}),
    log,
    onFailed(error) {
      // Without it every call is deaf: let the supervisor start a process that hears.
      log.error({ error: loggableError(error) }, 'voice activity is gone for good, stopping');
      process.exitCode = EXIT_SOFTWARE;
      stop.abort();
    },
  });
  await using models = new AsyncDisposableStack();
  const embeddings = await openEmbeddings(config, { models, log });
  const metrics = openProcessMetrics(systemClock, { ...early.heartbeat, droppedLines: () => log.droppedLines() });
  early.observe(withSlowTelephonyLogged(metrics.telephony, { log, clock: systemClock }));
  await using spool = await openAppendLog({ folder: join(config.stateDir, 'journal'), log });
  // Closed behind the plane, which ends its calls; when there is no plane the callers are left to the next process.
  await using afterPlane = new AsyncDisposableStack();
  using descriptors = watchDescriptors({ log });
  await using traces = await openTraces(early);
  await using plane = await createControlPlane({
    ...triton.models,
    config: { ...config, secretKeys, adminKeyHash, recordingsDir: config.asterisk.recordingsFolder },
    database,
    callControl,
    directory: callControl.directory,
    recordings: createRecordingStorage({ folder: config.asterisk.recordingsFolder }),
    embeddings,
    outboundHttp: createOutboundHttp({ allowedNetworks: config.httpToolAllowedNetworks }),
    voiceActivity,
    announcements,
    resourceProbe: createResourceProbe({ ...config.measured, countModels: (options) => triton.counts(options) }),
    descriptorsLowSinceMs: () => descriptors.lowSinceMs(),
    checks: [speechModels(triton), { name: 'file_descriptors', check: descriptors.check }],
    dependencies: modelDependencies(triton),
    serverRegistry: await openRegistry(config, log),
    safety: { ...config.safety, notifiers: createNotifiers(config.alerts, log) },
    clock: systemClock,
    log,
    metrics,
    ...(traces && { traces, observeCall: (event) => traces.observe(event) }),
    spool,
  });
  afterPlane.use(callControl);
  for (const status of await triton.status({ signal: stop.signal })) log.info({ ...status }, 'model');
  log.info({ http: plane.httpAddress, maxConcurrentCalls: config.maxConcurrentCalls }, 'ready for calls');
  await plane.serveUntil(stop.signal, { force: force.signal });
}

async function tritonOptions({ inference }: Config) {
  const { languageModel } = inference;
  return {
    speechToText: { url: inference.speechToTextUrl, deadlineMs: SPEECH_TO_TEXT_DEADLINE_MS },
    textToSpeech: { url: inference.textToSpeechUrl, deadlineMs: TEXT_TO_SPEECH_DEADLINE_MS },
    languageModel: languageModel && {
      url: languageModel.url,
      deadlineMs: LANGUAGE_MODEL_DEADLINE_MS,
      template: languageModel.folder === null ? chatTemplate(languageModel.template) : await readModelFolder(languageModel.folder),
      contextTokens: languageModel.contextTokens,
    },
  };
}

/** The configured model first, then what earlier vectors were made with: the model before, and the hashed n-grams that every box begins with. */
async function openEmbeddings({ embedding }: Config, { models, log }: { models: AsyncDisposableStack; log: Log }): Promise<Embeddings> {
  const opened: TextEmbedding[] = [];
  for (const folder of [embedding.modelDir, embedding.previousModelDir])
    if (folder !== null) opened.push(models.use(await openSentenceTransformers({ folder, log })));
  const [newest, ...others] = [...opened, createHashedNgramEmbedding()];
  log.info({ kind: newest.kind, dimensions: newest.dimensions }, 'vectors of documents');
  return [newest, ...others];
}

/** Null where this server is on its own. A token that is none ends the start: it would be refused for ever. */
async function openRegistry({ registry }: Config, log: Log): Promise<ConfiguredRegistry | null> {
  if (registry.supabase === null) return null;
  const opened = await openSupabaseRegistry(registry.supabase);
  const hardware = await readServerDescription(registry.descriptionFile, log);
  log.info({ url: registry.supabase.url, ...opened.identity }, 'a registry of servers is told of this server');
  return { registry: opened, description: { release: RELEASE, addresses: registry.addresses, hardware } };
}

/** Null, and nothing of it loaded, where no collector is named. */
async function openTraces({ config, log }: EarlyCalls) {
  if (config.traces === null) return null;
  const { openCallTraces } = await import('#adapters/otel/call-traces.ts');
  log.info({ ...config.traces }, 'traces are sent to a collector');
  return openCallTraces({ ...config.traces, serverId: config.serverId, log });
}

/** Without hearing and voice no call can be held; without a language model the flow still answers. */
function speechModels(triton: Triton): ReadinessCheck {
  return {
    name: 'speech_models',
    async check({ signal }) {
      const missing = (await triton.status({ signal })).flatMap((status) =>
        status.kind === 'not_ready' && status.role !== 'language_model' ? [`${status.role}: ${status.reason}`] : [],
      );
      return missing.length > 0 ? missing.join('; ') : null;
    },
  };
}

/** Each model by itself; without a language model the agents follow their flow. */
function modelDependencies(triton: Triton): Dependency[] {
  return inferenceRoles.map((role) => ({
    name: role,
    async probe({ signal }) {
      const status = await triton.statusOf(role, { signal });
      if (status === null) return { state: 'off', mode: 'flow', model: null, reason: 'not configured: agents follow their flow' };
      if (status.kind === 'not_ready') return down(status.reason);
      return { ...up, model: status.note === '' ? status.engine : `${status.engine}: ${status.note}` };
    },
  }));
}

/** The log always; the others where they are configured. */
function createNotifiers({ webhook, email }: Config['alerts'], log: Log): Notifier[] {
  return [
    createLogNotifier(log),
    ...(webhook === null ? [] : [createWebhookNotifier(webhook)]),
    ...(email === null ? [] : [createEmailNotifier(email)]),
  ];
}

type StopSignals = { readonly stop: AbortController; readonly force: AbortController };

/** The first signal lets live calls end, the second ends them. */
function stopSignals(log: Log): StopSignals {
  const stop = new AbortController();
  const force = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      log.info({ signal: name, again: stop.signal.aborted }, 'stop signal');
      if (stop.signal.aborted) force.abort();
      stop.abort();
    });
  }
  return { stop, force };
}

/**
 * A rejection that nobody handles is a bug of one call or one request; up to a thousand other calls in this process are sound, so it is logged and the
 * process lives. An uncaught exception left some code half-way through and nobody knows which: Node ends the process, the supervisor starts the next.
 */
function surviveRejections(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error({ error: loggableError(reason) }, 'unhandled rejection, the process goes on'));
  process.on('uncaughtExceptionMonitor', (error) => log.error({ error: loggableError(error) }, 'uncaught exception, the process ends'));
}

async function migrate(): Promise<void> {
  await migrateDatabase({ kind: 'server', url: loadMigrationConfig(withSecretFiles(process.env)).databaseUrl });
  process.stdout.write('the database has the schema of this release\n');
}

async function seed(): Promise<void> {
  const { databaseUrl, phonePassword } = loadSeedConfig(withSecretFiles(process.env));
  await using database = await openDatabase({ kind: 'server', url: databaseUrl });
  process.stdout.write(`${JSON.stringify(await seedDemo(database, mintApplianceScope(), { phonePassword }))}\n`);
}

async function recordKeyRotation(): Promise<void> {
  const { databaseUrl, secretKeysFile } = loadRecordConfig(withSecretFiles(process.env));
  const keys = await readSecretKeys(secretKeysFile);
  await using database = await openDatabase({ kind: 'server', url: databaseUrl });
  await recordAdminKeyRotation({ database, keys, clock: systemClock }, mintApplianceScope());
}

const commands = new Map([
  ['serve', async () => serve(await openEarlyCalls(process.env, new AbortController().signal))],
  ['migrate', migrate],
  ['seed-demo', seed],
  ['record-admin-key-rotation', recordKeyRotation],
]);

/** Runs a command to the end of the process. */
export async function run(name: string, command: () => Promise<void>): Promise<never> {
  try {
    await command();
    process.exit();
  } catch (error) {
    const isConfig = error instanceof ConfigError;
    process.stderr.write(isConfig ? `${error.message}\n` : `${JSON.stringify({ command: name, ...loggableError(error) })}\n`);
    process.exit(isConfig ? EXIT_CONFIG : EXIT_SOFTWARE);
  }
}

if (import.meta.main) {
  const name = process.argv[2] ?? 'serve';
  const command = commands.get(name);
  if (!command) {
    process.stderr.write(`there is no command "${name}"; the commands are ${[...commands.keys()].join(', ')}\n`);
    process.exit(EXIT_USAGE);
  }
  await run(name, command);
}
