// The product, composed: stores, journal, engine and HTTP in this order. It receives adapters as arguments and knows none by name.
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import { guardedModel } from '#dialog/guarded-model.ts';
import { createCallEngine } from '#engine/call-engine.ts';
import type { CallEngine, CallEngineParts } from '#engine/call-engine.ts';
import { withSpeechCache } from '#engine/speech-cache.ts';
import type { AuditCheck } from '#features/access/audit-check-store.ts';
import type { ReadinessCheck } from '#features/appliance/health-routes.ts';
import { openJobScheduler } from '#features/appliance/scheduled-jobs.ts';
import { createCallEventWriter } from '#features/calls/call-event-writer.ts';
import { openCallJournal } from '#features/calls/call-journal-store.ts';
import { createCallMetrics } from '#features/calls/call-metrics.ts';
import { registerModelMetrics } from '#features/calls/model-metrics.ts';
import type { CallStore } from '#features/calls/call-store.ts';
import { createLiveCallBoard } from '#features/calls/live-calls.ts';
import { createChatDialogs } from '#features/conversations/chat-dialog.ts';
import { registerConversationMetrics } from '#features/conversations/conversation-metrics.ts';
import { createJobMetrics } from '#features/jobs/job-metrics.ts';
import { openJobWorker } from '#features/jobs/job-worker.ts';
import { createOutcomeJob } from '#features/outcomes/outcome-job.ts';
import { createCallRoutingStore } from '#features/telephony/call-routing-store.ts';
import type { Embeddings } from '#features/knowledge/knowledge-search-store.ts';
import { openHttpServer } from '#http/server.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { OutboundHttp } from '#ports/outbound-http.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { TelephonyDirectory } from '#ports/telephony-directory.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { createAgentToolbox } from './agent-toolbox.ts';
import { createApi } from './api.ts';
import type { Config } from './config.ts';
import type { OfficeConfig } from './office.ts';
import { openOffice } from './office.ts';

/** Everything that a control plane is made of. Whoever opened a part closes it. */
export type ControlPlaneParts = Omit<CallEngineParts, 'journal' | 'routing' | 'limits' | 'findTools'> & {
  readonly config: Pick<Config, 'http' | 'maxConcurrentCalls' | 'drainMs'> & OfficeConfig;
  readonly directory: TelephonyDirectory;
  /** What makes the vectors of documents: the first for new ones, the others where theirs are not replaced yet. */
  readonly embeddings: Embeddings;
  /** Sends the requests of tools that organizations defined. */
  readonly outboundHttp: OutboundHttp;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly database: Database;
  /** What must be there for a call besides the telephone system and the database. */
  readonly checks: readonly ReadinessCheck[];
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

/** Routing of a few calls at once and the journal. */
const WARM_CONNECTIONS = 4;

/** Opens everything in order. A failure on the way closes what was open. */
export async function createControlPlane(given: ControlPlaneParts): Promise<ControlPlane> {
  const { config, database, clock, log } = given;
  // One circuit breaker for calls, chats and jobs: what one of them learns about the model spares the others a wait.
  const languageModel = given.languageModel === null ? null : guardedModel(given.languageModel, { clock });
  const parts = { ...given, languageModel };
  await using opened = new AsyncDisposableStack();
  const board = createLiveCallBoard();
  const office = opened.use(await openOffice({ ...parts, liveCalls: (organizationId) => board.list(organizationId).length }));
  await closeAbandonedCalls(parts, office.calls);
  await checkSecretKeys(parts, office.auditCheck);
  // The first calls find connections that are open: opening one costs about 20 ms, which a caller would hear as ringing.
  await Promise.allSettled(Array.from({ length: WARM_CONNECTIONS }, () => database.ping()));

  const stored = opened.use(openCallJournal({ write: createCallEventWriter({ database, log }), log }));
  const { registry, countEvent } = openMetrics({
    liveCalls: () => engine.liveCalls(),
    journalDepth: () => stored.depth(),
    journalDropped: () => stored.dropped(),
    breaker: () => languageModel?.breaker() ?? null,
    counts: () => office.conversationCache.counts(),
  });
  const journal: CallJournal = {
    record(event) {
      stored.record(event);
      board.observe(event);
      countEvent(event);
    },
    flush: () => stored.flush(),
  };

  const findTools = createAgentToolbox(office, given.outboundHttp);
  const routing = createCallRoutingStore({ database, clock, log, maxCallMs: config.maxCallMs });
  const textToSpeech = withSpeechCache(parts.textToSpeech);
  const limits = { maxConcurrentCalls: config.maxConcurrentCalls };
  const engine: CallEngine = opened.use(createCallEngine({ ...parts, findTools, textToSpeech, routing, journal, limits }));
  let isStopping = false;
  const api = createApi({
    office,
    board,
    engine,
    openDialog: createChatDialogs({ ...parts, findTools }),
    checks: [{ name: 'accepting', check: async () => (isStopping ? 'the process is stopping' : null) }, ...readiness(parts)],
    metrics: { contentType: registry.contentType, text: () => registry.metrics() },
    clock,
    log,
  });
  const server = opened.use(await openHttpServer({ app: api, ...config.http }));
  opened.use(openJobScheduler({ jobs: office.jobs, runs: office.jobRuns, log }));
  const handlers = [createOutcomeJob({ ...office, languageModel: parts.languageModel })];
  opened.use(openJobWorker({ database, queue: office.jobQueue, handlers, observe: createJobMetrics(registry), clock, log }));
  const running = opened.move();

  return {
    httpAddress: server.address,
    async serveUntil(signal, { force } = {}) {
      await aborted(signal);
      isStopping = true;
      engine.stopAccepting();
      log.info({ liveCalls: engine.liveCalls(), drainMs: config.drainMs }, 'stopping: live calls go on');
      const limit = AbortSignal.timeout(config.drainMs);
      await engine.drain({ signal: force ? AbortSignal.any([limit, force]) : limit });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type MetricSources = Omit<
  Parameters<typeof createCallMetrics>[0] & Parameters<typeof registerModelMetrics>[0] & Parameters<typeof registerConversationMetrics>[0],
  'registry'
>;

/** Every series of this process that is not a job's; `countEvent` takes what happens in calls. */
function openMetrics(sources: MetricSources): { readonly registry: Registry; readonly countEvent: ReturnType<typeof createCallMetrics> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerModelMetrics({ ...sources, registry });
  registerConversationMetrics({ ...sources, registry });
  return { registry, countEvent: createCallMetrics({ ...sources, registry }) };
}

/** Rows that a dead process left open would look live for ever. The database may still be starting: then the rows wait for the next start. */
async function closeAbandonedCalls({ clock, log }: ControlPlaneParts, calls: CallStore): Promise<void> {
  try {
    const options = { startedBefore: clock.wallAt(), reason: 'control_plane_restarted' };
    const closed = await calls.endAbandoned(mintApplianceScope(), options);
    if (closed > 0) log.warn({ closed }, 'calls left open by an earlier process were closed');
  } catch (error) {
    log.error({ error: loggableError(error) }, 'calls left open by an earlier process could not be closed');
  }
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

function readiness({ callControl, database, checks }: ControlPlaneParts): ReadinessCheck[] {
  return [
    { name: 'telephony', check: async () => (callControl.isConnected() ? null : 'not connected to the telephone system') },
    { name: 'database', check: () => database.ping().then(() => null) },
    ...checks,
  ];
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
