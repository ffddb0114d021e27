// Takes every incoming call: finds who answers it, holds a slot for it, and drives all live calls from one ticker.
import { openDialog } from '#dialog/agent-turn.ts';
import type { Tool } from '#dialog/tools/tool.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { CallControl, CallLeg, RejectReason } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { CallRoute, CallRouting } from '#ports/call-routing.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { openCallRecord } from './call-record.ts';
import { openCapacity, openSharedCapacity } from './capacity.ts';
import { prepareHearing } from './expectation.ts';
import { FIND_TOOLS_TIMEOUT_MS, SETUP_TIMEOUT_MS, TICK_MS } from './limits.ts';
import { LiveCall } from './live-call.ts';

/** The tools of one organization's agent. */
export type FindTools = (
  ask: { readonly scope: OrgScope; readonly agent: AgentProfile },
  options: { readonly signal: AbortSignal },
) => Promise<readonly Tool[]>;

/** Everything the engine works with; adapters are chosen by the composition root. */
export type CallEngineParts = {
  readonly callControl: CallControl;
  readonly routing: CallRouting;
  readonly journal: CallJournal;
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  /** Null when none is configured: agents then follow their flow. */
  readonly languageModel: LanguageModel | null;
  /** What the agent of a call may do besides talking; asked once for each call. Absent: agents can only talk. */
  readonly findTools?: FindTools;
  readonly voiceActivity: VoiceActivity;
  readonly announcements: AnnouncementStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: { readonly maxConcurrentCalls: number };
};

/** The engine of one process. Disposing it ends every call. */
export type CallEngine = AsyncDisposable & {
  /** Calls that hold a slot. */
  liveCalls(): number;
  /**
   * Ends a live call. False when this process holds no such call of that organization (null: of any); true also while it is ending already.
   * The journal keeps the end as `completed`, for the reason `hung_up_by_api`.
   */
  hangUp(callId: CallId, organizationId: OrganizationId | null): boolean;
  /** From now on new calls are refused. */
  stopAccepting(): void;
  /** Settles when no call is live or `signal` aborts. */
  drain(options: { signal: AbortSignal }): Promise<void>;
};

type LiveCalls = Map<CallId, { readonly call: LiveCall; readonly organizationId: OrganizationId }>;

/** Opens the engine and takes the telephone system's calls. */
export function createCallEngine(parts: CallEngineParts): CallEngine {
  const { clock, log } = parts;
  const capacity = openCapacity(parts.limits.maxConcurrentCalls);
  const shares = openSharedCapacity();
  const calls: LiveCalls = new Map();
  const arriving = new Set<Promise<void>>();
  let isAccepting = true;
  const ticker = setInterval(() => {
    const atMs = clock.nowMs();
    for (const [callId, { call }] of calls) tickCall({ callId, call, log }, atMs);
  }, TICK_MS);

  async function accept(leg: CallLeg): Promise<void> {
    if (!isAccepting) return refuse(parts, leg, { reason: 'not_ready', outcome: 'rejected_at_capacity' });
    using slot = capacity.acquire();
    if (slot === null) return await refuse(parts, leg, { reason: 'at_capacity', outcome: 'rejected_at_capacity' });
    const route = await findRoute(parts, leg);
    if (route === 'unknown') return await refuse(parts, leg, { reason: 'not_ready', outcome: 'failed' });
    if (route === null) return await refuse(parts, leg, { reason: 'unknown_number', outcome: 'rejected_unknown_number' });
    const { scope } = route;
    // The process may have begun to stop meanwhile: a call started now would be ended by nobody.
    if (!isAccepting) return await refuse(parts, leg, { reason: 'not_ready', outcome: 'rejected_at_capacity', scope });
    using share = shares.acquire(scope.organizationId, route.concurrentCalls);
    if (share === null) return await refuse(parts, leg, { reason: 'at_capacity', outcome: 'rejected_at_capacity', scope });
    await runCall(parts, calls, { leg, route });
  }

  parts.callControl.onIncomingCall((leg) => {
    const arrival = accept(leg).catch(async (error: unknown) => {
      log.error({ err: error, legId: leg.legId }, 'a call broke');
      await leg.hangUp();
    });
    arriving.add(arrival);
    void arrival.finally(() => arriving.delete(arrival));
  });

  return {
    liveCalls: () => capacity.held(),
    hangUp(callId, organizationId) {
      const live = calls.get(callId);
      if (!live || (organizationId !== null && live.organizationId !== organizationId)) return false;
      live.call.end('completed', 'hung_up_by_api');
      return true;
    },
    stopAccepting() {
      isAccepting = false;
    },
    async drain({ signal }) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      while (arriving.size > 0 && !signal.aborted) await Promise.race([Promise.all(arriving), aborted]);
    },
    async [Symbol.asyncDispose]() {
      isAccepting = false;
      for (const { call } of calls.values()) call.end('failed', 'the control plane stopped');
      await Promise.all(arriving);
      clearInterval(ticker);
    },
  };
}

/** `unknown` when the routing cannot say: the caller's network may try another box. */
async function findRoute({ routing, log }: CallEngineParts, leg: CallLeg): Promise<CallRoute | null | 'unknown'> {
  try {
    const route = await routing.findRoute(leg.dialledNumber, { signal: AbortSignal.timeout(SETUP_TIMEOUT_MS) });
    return route !== null && isPrivate(leg, route) ? null : route;
  } catch (error) {
    log.error({ err: error, legId: leg.legId }, 'a dialled number could not be looked up');
    return 'unknown';
  }
}

/** A short number is its organization's own: to another organization's phones it does not exist. Numbers with a plus sign are everybody's. */
function isPrivate({ dialledNumber, callerOrganizationSlug }: CallLeg, { organizationSlug }: CallRoute): boolean {
  return callerOrganizationSlug !== null && callerOrganizationSlug !== organizationSlug && !dialledNumber.startsWith('+');
}

/** One call's bug ends that call, not the ticker that all calls live on. */
function tickCall({ callId, call, log }: { callId: CallId; call: LiveCall; log: Log }, atMs: number): void {
  try {
    call.tick(atMs);
  } catch (error) {
    log.error({ err: error, callId }, 'a call broke at its tick');
    call.end('failed', 'internal_error');
  }
}

/** Why a call is refused. `scope` is the number's organization, once it is known: the refused call is then one of its own. */
type Refusal = { readonly reason: RejectReason; readonly outcome: CallOutcome; readonly scope?: OrgScope };

async function refuse(parts: CallEngineParts, leg: CallLeg, why: Refusal): Promise<void> {
  const { dialledNumber, callerNumber, legId } = leg;
  parts.log.info({ legId, reason: why.reason, pii: { dialledNumber } }, 'call refused');
  const at = parts.clock.wallAt();
  parts.journal.record({
    kind: 'call_rejected',
    callId: newId('call'),
    at,
    scope: why.scope ?? null,
    dialledNumber,
    callerNumber,
    outcome: why.outcome,
  });
  await leg.reject(why.reason);
}

async function runCall(parts: CallEngineParts, calls: LiveCalls, { leg, route }: { leg: CallLeg; route: CallRoute }): Promise<void> {
  const { journal, clock } = parts;
  const { scope, agent } = route;
  const { legId, dialledNumber, callerNumber, recordingPath } = leg;
  const callId = newId('call');
  const log = parts.log.child({ callId });
  const started = { callId, at: clock.wallAt(), scope, agentId: agent.agentId, legId, dialledNumber, callerNumber, recordingPath };
  journal.record({ kind: 'call_started', ...started });
  const record = openCallRecord({ callId, scope, journal, clock, startedAtMs: leg.arrivedAtMs });
  const over = new AbortController();
  const context = {
    scope,
    agentId: agent.agentId,
    conversationId: callId,
    callerNumber: callerNumber || null,
    language: agent.language,
    signal: over.signal,
  };
  const dialog = openDialog(agent, {
    languageModel: parts.languageModel,
    tools: await findTools({ ...parts, log }, { scope, agent }),
    context,
    clock,
    onToolFault: ({ tool, error }) => log.warn({ tool, err: error }, 'a tool failed'),
  });
  const call = new LiveCall({ ...parts, leg, route, dialog, record, log });
  calls.set(callId, { call, organizationId: scope.organizationId });
  log.info({ agentId: agent.agentId }, 'call accepted');
  void prepareHearing({ speechToText: parts.speechToText, agent, log, signal: over.signal });
  try {
    await call.run();
  } finally {
    over.abort();
    calls.delete(callId);
    log.info({}, 'call over');
  }
}

/** An agent whose tools cannot be looked up still takes the call: it says what it knows, and its flow its ways out. */
async function findTools(
  { findTools: find, log }: Pick<CallEngineParts, 'findTools' | 'log'>,
  ask: Parameters<FindTools>[0],
): Promise<readonly Tool[]> {
  if (find === undefined) return [];
  try {
    return await find(ask, { signal: AbortSignal.timeout(FIND_TOOLS_TIMEOUT_MS) });
  } catch (error) {
    log.error({ err: error }, 'the tools of an agent could not be looked up');
    return [];
  }
}
