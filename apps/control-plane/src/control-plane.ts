// The product, composed: stores, journal, engine and HTTP in this order. It receives adapters as arguments and knows none by name.
import type { Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import { observedDatabase } from '#db/observed-database.ts';
import { guardedModel } from '#dialog/guarded-model.ts';
import { createCallEngine } from '#engine/call-engine.ts';
import type { CallEngine, CallEngineParts } from '#engine/call-engine.ts';
import { startRecovery } from '#engine/recovery.ts';
import { withSpeechCache } from '#engine/speech-cache.ts';
import type { AuditCheck } from '#features/access/audit-check-store.ts';
import type { Dependency } from '#features/appliance/dependency-board.ts';
import { askedOnce, missingOf } from '#features/appliance/readiness.ts';
import type { ReadinessCheck } from '#features/appliance/readiness.ts';
import { openReadingMetrics } from '#features/appliance/reading-metrics.ts';
import { openJobScheduler } from '#features/appliance/scheduled-jobs.ts';
import type { ScheduledJob } from '#features/appliance/scheduled-jobs.ts';
import { logSlowTransactions } from '#features/appliance/slow-transactions.ts';
import { logCallEnds } from '#features/calls/call-end-line.ts';
import { createCallEventWriter } from '#features/calls/call-event-writer.ts';
import { openCallJournal } from '#features/calls/call-journal-store.ts';
import { observedModels } from '#features/calls/inference-metrics.ts';
import { createLiveCallMetrics } from '#features/calls/live-call-metrics.ts';
import type { LiveCallBoard } from '#features/calls/live-calls.ts';
import { createLiveCallBoard } from '#features/calls/live-calls.ts';
import { createOpenCallStore } from '#features/calls/open-call-store.ts';
import { createRecoveryMetrics } from '#features/calls/recovery-metrics.ts';
import { createChatDialogs } from '#features/conversations/chat-dialog.ts';
import { createJobMetrics } from '#features/jobs/job-metrics.ts';
import { openJobWorker } from '#features/jobs/job-worker.ts';
import { createOutcomeJob } from '#features/outcomes/outcome-job.ts';
import { createTurnGapJob } from '#features/recordings/turn-gap-job.ts';
import { createTurnGapMetrics } from '#features/recordings/turn-gap-metrics.ts';
import { createTurnGapStore } from '#features/recordings/turn-gap-store.ts';
import { createCallRoutingStore } from '#features/telephony/call-routing-store.ts';
import type { Embeddings } from '#features/knowledge/knowledge-search-store.ts';
import { openHttpServer } from '#http/server.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { Traces } from '#ports/traces.ts';
import type { AppendLog } from '#ports/append-log.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { OutboundHttp } from '#ports/outbound-http.ts';
import type { ResourceProbe } from '#ports/resource-probe.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { TelephonyDirectory } from '#ports/telephony-directory.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { openModelBreakers } from '#shared/model-breakers.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { untilAborted } from '#shared/waiting.ts';
import { createAgentToolbox } from './agent-toolbox.ts';
import { createApi } from './api.ts';
import { DEFAULT_ADMISSION, openServerCapacity } from './capacity.ts';
import type { ServerCapacity } from './capacity.ts';
import type { AdmissionConfig, Config } from './config.ts';
import type { ProcessMetrics } from './metrics.ts';
import { createEventSeries, openProcessMetrics } from './metrics.ts';
import { openHealth } from './health.ts';
import type { Office, OfficeConfig } from './office.ts';
import { openOffice } from './office.ts';
import { DEFAULT_SAFETY, openSafety } from './safety.ts';
import type { Safety, SafetyOptions } from './safety.ts';
import type { ConfiguredRegistry, OpenServerRegistry } from './server-registry.ts';
import { openServerRegistry } from './server-registry.ts';

/** Everything that a control plane is made of. Whoever opened a part closes it. */
export type ControlPlaneParts = Omit<
  CallEngineParts,
  'journal' | 'routing' | 'limits' | 'findTools' | 'breakers' | 'isStopped' | 'admission' | 'onOverload'
> & {
  readonly config: Pick<Config, 'http' | 'maxConcurrentCalls' | 'drainMs'> &
    OfficeConfig & { readonly maxWaitingCallers?: number; readonly serverId?: string; readonly admission?: AdmissionConfig };
  readonly directory: TelephonyDirectory;
  /** What makes the vectors of documents: the first for new ones, the others where theirs are not replaced yet. */
  readonly embeddings: Embeddings;
  /** Sends the requests of tools that organizations defined. */
  readonly outboundHttp: OutboundHttp;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly database: Database;
  /** Where what happens in calls outlives this process until it is in the database; absent: it does not. */
  readonly spool?: AppendLog;
  /** Measures this server; absent: its capacity is the number that is configured. */
  readonly resourceProbe?: ResourceProbe;
  /** Since when the process has too few file descriptors left for a call, by `clock`; absent: it always has enough. */
  readonly descriptorsLowSinceMs?: () => number | null;
  /** What must be there for a call besides the telephone system and the database. */
  readonly checks: readonly ReadinessCheck[];
  /** Where this server is registered; null or absent: it is on its own. */
  readonly serverRegistry?: ConfiguredRegistry | null;
  /** What else the appliance depends on, for whoever looks at its health. */
  readonly dependencies?: readonly Dependency[];
  /** What happens when calls fail one after the other, and who is told. */
  readonly safety?: SafetyOptions;
  /** What the adapters tell of themselves is counted here; default: a registry of the control plane's own. */
  readonly metrics?: ProcessMetrics;
  /** Who else hears of everything that happens in calls: traces. */
  readonly observeCall?: (event: CallEvent) => void;
  /** Which trace the requests to and from others belong to; absent: none. */
  readonly traces?: Traces;
};

/** A control plane that takes calls and answers HTTP. Disposing it ends what is live and commits what happened. */
export type ControlPlane = AsyncDisposable & {
  /** Such as `http://127.0.0.1:8080`. */
  readonly httpAddress: string;
  /**
   * Settles once `signal` aborted and no call is live any more. From then on new calls are refused and readiness fails; live calls go on for
   * at most the configured time, or until `force` aborts.
   */
  serveUntil(signal: AbortSignal, options?: { force?: AbortSignal }): Promise<void>;
};

/** The name of a control plane that shares its database with no other. */
const DEFAULT_SERVER_ID = 'centralita';

/** Routing of a few calls at once and the journal. */
const WARM_CONNECTIONS = 4;

/** Opens everything in order. A failure on the way closes what was open. */
export async function createControlPlane(given: ControlPlaneParts): Promise<ControlPlane> {
  const parts = observedParts(given);
  const { config, clock, log, database, metrics } = parts;
  const { registry } = metrics;
  await using opened = new AsyncDisposableStack();
  const board = createLiveCallBoard();
  const office = opened.use(await openOffice({ ...parts, liveCalls: (organizationId) => board.list(organizationId).length }));
  await checkSecretKeys(parts, office.auditCheck);
  // The first calls find connections that are open: opening one costs about 20 ms, which a caller would hear as ringing.
  await Promise.allSettled(Array.from({ length: WARM_CONNECTIONS }, () => database.ping()));

  const { serverId = DEFAULT_SERVER_ID } = config;
  const { spool } = given;
  const stored = opened.use(openCallJournal({ write: createCallEventWriter({ database, log, serverId }), log, ...(spool && { spool }) }));
  const needs = readiness(parts, stored).map(askedOnce);
  const probe = () => missingOf(needs);
  const safety = opened.use(openSafety({ ...parts, ...office, options: given.safety ?? DEFAULT_SAFETY, registry, probe }));
  const capacity = opened.use(capacityOf(parts, { office, stored, serverId, engine: () => engine }));
  const observers = callObservers(parts, { office, board, safety, stored, spool: spool ?? null, liveCalls: () => engine.liveCalls() });
  const journal = heardJournal(stored, [(event) => capacity.watch.observe(event), logCallEnds(log), ...observers]);

  const findTools = createAgentToolbox(office, given.outboundHttp, given.traces);
  const routing = createCallRoutingStore({ database, clock, log, maxCallMs: config.maxCallMs });
  const textToSpeech = withSpeechCache(parts.textToSpeech);
  const { maxConcurrentCalls, maxWaitingCallers } = config;
  const limits = { maxConcurrentCalls, ...(maxWaitingCallers !== undefined && { maxWaitingCallers }) };
  const rules = { ...capacity.rules, isStopped: () => office.globalStop.isStopped(), limits };
  const engine: CallEngine = opened.use(createCallEngine({ ...parts, ...rules, findTools, textToSpeech, routing, journal }));
  const openCalls = createOpenCallStore({ database, scope: mintApplianceScope(), serverId });
  opened.use(startRecovery({ ...parts, openCalls, routing, journal, engine }));
  let isStopping = false;
  const servers = opened.use(serverRegistryOf(parts, { office, engine, capacity, isStopping: () => isStopping }));
  const api = createApi({
    office,
    board,
    engine,
    openDialog: createChatDialogs({ ...parts, findTools }),
    traces: given.traces,
    capacity,
    ...openHealth({ parts, needs, safety, registry, serverRegistry: servers.dependency, isStopping: () => isStopping }),
    serverRegistry: servers.serverRegistry,
    metrics: { contentType: registry.contentType, text: () => registry.metrics() },
    observeHttp: metrics.http,
    clock,
    log,
  });
  const server = opened.use(await openHttpServer({ app: api, ...config.http, log }));
  opened.use(openReadingMetrics({ registry, database, auditCheck: office.auditCheck, clock, log }));
  opened.use(openOfficeWork(parts, { office, registry, jobs: [capacity.job, ...servers.jobs] }));
  const running = opened.move();

  return {
    httpAddress: server.address,
    async serveUntil(signal, { force } = {}) {
      await untilAborted(signal);
      isStopping = true;
      engine.stopAccepting();
      log.info({ liveCalls: engine.liveCalls(), drainMs: config.drainMs }, 'stopping: live calls go on');
      const limit = AbortSignal.timeout(config.drainMs);
      await engine.drain({ signal: force ? AbortSignal.any([limit, force]) : limit });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type CallObservers = {
  readonly office: Office;
  readonly board: LiveCallBoard;
  readonly safety: Safety;
  readonly stored: StoredJournal;
  readonly spool: AppendLog | null;
  readonly liveCalls: () => number;
};

/** Who hears of everything that happens in calls, besides the journal. */
function callObservers(
  parts: ObservedParts,
  { office, board, safety, stored, spool, liveCalls }: CallObservers,
): ((event: CallEvent) => void)[] {
  const { callControl, languageModel, log } = parts;
  const { registry } = parts.metrics;
  return [
    (event) => safety.observe(event),
    (event) => board.observe(event),
    createEventSeries({
      registry,
      database: parts.database,
      liveCalls,
      journalDepth: () => stored.depth(),
      journalDropped: () => stored.dropped(),
      breaker: () => languageModel?.breaker() ?? null,
      counts: () => office.conversationCache.counts(),
    }),
    createRecoveryMetrics({ registry, callControl, spool, unspooled: () => stored.unspooled() }),
    createLiveCallMetrics({ registry, board, organizations: office.organizations, log }),
    ...(parts.observeCall ? [parts.observeCall] : []),
  ];
}

/** What the office does by itself: by the clock, and after calls. */
type Measured = { readonly office: Office; readonly stored: StoredJournal; readonly serverId: string; readonly engine: () => CallEngine };

function capacityOf(parts: ObservedParts, { office, stored, serverId, engine }: Measured): ServerCapacity {
  const { config, database, clock, log, metrics } = parts;
  return openServerCapacity({
    database,
    audit: office.audit,
    registry: metrics.registry,
    clock,
    log,
    server: serverId,
    probe: parts.resourceProbe,
    configuredCalls: config.maxConcurrentCalls,
    limits: config.admission ?? DEFAULT_ADMISSION,
    liveCalls: () => engine().liveCalls(),
    waiting: () => ({ count: engine().waiting.count(), longestMs: engine().waiting.longestMs() }),
    journalDepth: () => stored.depth(),
    descriptorsLowSinceMs: parts.descriptorsLowSinceMs ?? (() => null),
  });
}

type Registered = {
  readonly office: Office;
  readonly engine: CallEngine;
  readonly capacity: ServerCapacity;
  readonly isStopping: () => boolean;
};

/** Registers this server, with how it is now. */
function serverRegistryOf(parts: ObservedParts, { office, engine, capacity, isStopping }: Registered): OpenServerRegistry {
  const { database, clock, log, metrics, serverRegistry = null } = parts;
  const openedAtMs = clock.nowMs();
  const pulse = () => {
    const { maxCalls, gate } = capacity.watch.admission();
    const accepting = !isStopping() && !office.globalStop.isStopped() && gate.kind === 'open';
    return { uptimeSeconds: (clock.nowMs() - openedAtMs) / 1_000, liveCalls: engine.liveCalls(), maxCalls, accepting };
  };
  return openServerRegistry({ configured: serverRegistry, database, registry: metrics.registry, pulse, clock, log });
}

type OfficeWork = { readonly office: Office; readonly registry: Registry; readonly jobs: readonly ScheduledJob[] };

function openOfficeWork(parts: ObservedParts, { office, registry, jobs }: OfficeWork): AsyncDisposable {
  const { database, recordings, languageModel, clock, log } = parts;
  const opened = new AsyncDisposableStack();
  opened.use(openJobScheduler({ jobs: [...office.jobs, ...jobs], runs: office.jobRuns, log }));
  const turnGapJob = createTurnGapJob({ turnGaps: createTurnGapStore(database), recordings, metrics: createTurnGapMetrics(registry) });
  const handlers = [createOutcomeJob({ ...office, languageModel }), turnGapJob];
  opened.use(openJobWorker({ database, queue: office.jobQueue, handlers, observe: createJobMetrics(registry), clock, log }));
  return opened;
}

type ObservedParts = ReturnType<typeof observedParts>;
type StoredJournal = ReturnType<typeof openCallJournal>;

/** The parts with what they do counted, and one circuit breaker for calls, chats and jobs: what one learns about the model spares the others a wait. */
function observedParts(given: ControlPlaneParts) {
  const { clock, metrics = openProcessMetrics(clock) } = given;
  const models = observedModels(given, { registry: metrics.registry, clock });
  const breakers = openModelBreakers({ clock });
  const languageModel = models.languageModel && guardedModel(models.languageModel, { breaker: breakers.whole('language_model') });
  const database = observedDatabase(observedDatabase(given.database, metrics.database), logSlowTransactions(given.log, clock));
  return { ...given, ...models, breakers, languageModel, metrics, database };
}

/** A journal whose events are heard by others too, after it took them. */
function heardJournal(stored: CallJournal, observers: readonly ((event: CallEvent) => void)[]): CallJournal {
  return {
    record(event) {
      stored.record(event);
      for (const observe of observers) observe(event);
    },
    isNearlyFull: () => stored.isNearlyFull(),
    flush: () => stored.flush(),
  };
}

/** Keys that were lost and made anew look good until somebody needs the old ones: said at every start, and every hour with the anchors. */
async function checkSecretKeys({ log }: ControlPlaneParts, auditCheck: AuditCheck): Promise<void> {
  try {
    await auditCheck.reportForeignEnds(mintApplianceScope(), log);
  } catch (error) {
    log.warn(
      { error: loggableError(error) },
      'the secret keys could not be compared with the audit log; it is done again with the hourly anchors',
    );
  }
}

function readiness({ callControl, database, checks }: ControlPlaneParts, journal: CallJournal): ReadinessCheck[] {
  return [
    { name: 'journal', check: async () => (journal.isNearlyFull() ? 'what waits for the database leaves no room for new calls' : null) },
    { name: 'telephony', check: async () => (callControl.isConnected() ? null : 'not connected to the telephone system') },
    { name: 'database', check: () => database.ping().then(() => null) },
    ...checks,
  ];
}
