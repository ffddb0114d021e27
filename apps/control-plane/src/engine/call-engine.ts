// Takes every incoming call: finds who answers it, holds a slot for it, and drives all live calls from one ticker.
import { openDialog } from '#dialog/agent-turn.ts';
import type { Tool } from '#dialog/tools/tool.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { CallControl, CallLeg, RejectReason, SurvivingLeg } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { CallRoute, CallRouting } from '#ports/call-routing.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { OpenCall } from '#ports/open-calls.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { VoiceActivity } from '#ports/voice-activity.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import type { ModelBreakers } from '#shared/model-breakers.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { untilAborted } from '#shared/waiting.ts';
import { openCallRecord } from './call-record.ts';
import type { CallRecord } from './call-record.ts';
import type { Admission, AdmissionParts, AdmissionView } from './admission.ts';
import { openAdmission } from './admission.ts';
import { prepareHearing } from './expectation.ts';
import { guardedModels } from './guarded-speech.ts';
import { openHandOver } from './hand-over-call.ts';
import { ADMIT_EVERY_MS, FIND_TOOLS_TIMEOUT_MS, MAX_TOLD_AT_ONCE, MAX_WAITING_CALLERS, SETUP_TIMEOUT_MS, TICK_MS } from './limits.ts';
import { recordQuality } from './leg-measurement.ts';
import { LiveCall } from './live-call.ts';
import { openPositionTeller, recordTold } from './position-teller.ts';
import type { PositionTeller, ToldPosition } from './position-teller.ts';
import { resumedCall } from './resumed-call.ts';
import { openSlotQueue } from './slot-queue.ts';
import type { SlotQueue } from './slot-queue.ts';
import { openRunningCalls } from './running-calls.ts';
import type { RunningCalls } from './running-calls.ts';
import { openSurvivedTalk } from './survived-talk.ts';

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
  /** Circuit breakers of each organization's models, besides those that the models have already. Absent: there are none. */
  readonly breakers?: ModelBreakers;
  /** Whether new calls are refused on all servers: the global stop. Absent: never. */
  readonly isStopped?: () => boolean;
  readonly voiceActivity: VoiceActivity;
  readonly announcements: AnnouncementStore;
  readonly clock: Clock;
  readonly log: Log;
  /** `maxWaitingCallers`: held until there is room. */
  readonly limits: { readonly maxConcurrentCalls: number; readonly maxWaitingCallers?: number };
  /** What the box bears by its measurements; absent: the number of the limits. */
  readonly admission?: () => AdmissionView;
  /** Told of each call that there is no room for, with what its organization chose. */
  readonly onOverload?: AdmissionParts['onOverload'];
};

/** The engine of one process. Disposing it ends every call. */
export type CallEngine = AsyncDisposable & {
  /** Calls that hold a slot. */
  liveCalls(): number;
  /** Callers who are held until there is one. */
  readonly waiting: Admission['waiting'];
  /**
   * Ends a live call. False when this process holds no such call of that organization (null: of any); true also while it is ending already.
   * The journal keeps the end as `completed`, for the reason `hung_up_by_api`.
   */
  hangUp(callId: CallId, organizationId: OrganizationId | null): boolean;
  /** Goes on with a call of a process that died; settles when it is over. It takes a slot and is never refused for want of one. */
  resume(call: ResumedLeg): Promise<void>;
  /** Takes a leg that did not come in through the telephone system's listener. */
  take(leg: CallLeg): void;
  /** Whether this process holds the call. */
  isLive(callId: CallId): boolean;
  /** From now on new calls are refused. */
  stopAccepting(): void;
  /** Settles when no call is live or `signal` aborts. */
  drain(options: { signal: AbortSignal }): Promise<void>;
};

/** A call that outlived its process, and who answers it now. */
export type ResumedLeg = { readonly survivor: SurvivingLeg; readonly call: OpenCall; readonly route: CallRoute };

/** Opens the engine and takes the telephone system's calls. */
export function createCallEngine(parts: CallEngineParts): CallEngine {
  const { clock, log } = parts;
  const fixedView: AdmissionView = { maxCalls: parts.limits.maxConcurrentCalls, isOpen: true };
  const { maxWaitingCallers: maxWaiting = MAX_WAITING_CALLERS } = parts.limits;
  const admission = openAdmission({ view: parts.admission ?? (() => fixedView), clock, maxWaiting, onOverload: parts.onOverload });
  const calls = openRunningCalls(log);
  const arriving = new Set<Promise<void>>();
  let isAccepting = true;
  const ticker = setInterval(() => calls.tick(clock.nowMs()), TICK_MS);
  const admitting = setInterval(() => admission.tick(), ADMIT_EVERY_MS);

  const accept = arrivals({ parts, calls, admission, isAccepting: () => isAccepting });

  async function goOn({ survivor, call, route }: ResumedLeg): Promise<void> {
    using _place = admission.enterAnyway(route);
    await runCall(parts, calls, { leg: survivor.leg, route, from: { survivor, call } });
  }

  const hold = (leg: CallLeg, work: Promise<void>): Promise<void> => held(arriving, orHungUp(leg, work, log));
  const take = (leg: CallLeg): void => void hold(leg, accept(leg));
  parts.callControl.onIncomingCall(take);

  return {
    liveCalls: () => admission.held(),
    waiting: admission.waiting,
    hangUp(callId, organizationId) {
      const live = calls.find(callId);
      if (live === null || (organizationId !== null && live.organizationId !== organizationId)) return false;
      live.call.end('completed', 'hung_up_by_api');
      return true;
    },
    resume: (resumed) => hold(resumed.survivor.leg, goOn(resumed)),
    take,
    isLive: (callId) => calls.has(callId),
    stopAccepting() {
      isAccepting = false;
      admission.close();
    },
    async drain({ signal }) {
      const aborted = untilAborted(signal);
      while (arriving.size > 0 && !signal.aborted) await Promise.race([Promise.all(arriving), aborted]);
    },
    async [Symbol.asyncDispose]() {
      isAccepting = false;
      admission.close();
      calls.endAll('failed', 'the control plane stopped');
      await Promise.all(arriving);
      clearInterval(ticker);
      clearInterval(admitting);
    },
  };
}

/** A call that breaks is not left in silence. */
async function orHungUp(leg: CallLeg, work: Promise<void>, log: Log): Promise<void> {
  try {
    await work;
  } catch (error) {
    log.error({ err: error, legId: leg.legId }, 'a call broke');
    await leg.hangUp();
  }
}

/** Keeps the work among what the engine waits for. */
async function held(all: Set<Promise<void>>, work: Promise<void>): Promise<void> {
  all.add(work);
  await work.finally(() => all.delete(work));
}

type Arrivals = {
  readonly parts: CallEngineParts;
  readonly calls: RunningCalls;
  readonly admission: Admission;
  readonly isAccepting: () => boolean;
};

/** What becomes of a call that comes in. */
function arrivals({ parts, calls, admission, isAccepting }: Arrivals): (leg: CallLeg) => Promise<void> {
  const tellerSlots = openSlotQueue(MAX_TOLD_AT_ONCE);
  async function accept(leg: CallLeg): Promise<void> {
    if (!isAccepting() || parts.journal.isNearlyFull()) return refuse(parts, leg, NOT_READY);
    const route = await findRoute(parts, leg);
    if (route === 'unknown') return await refuse(parts, leg, { reason: 'not_ready', outcome: 'failed' });
    if (route === null) return await refuse(parts, leg, { reason: 'unknown_number', outcome: 'rejected_unknown_number' });
    const { scope } = route;
    // The process may have begun to stop meanwhile: a call started now would be ended by nobody.
    if (!isAccepting()) return await refuse(parts, leg, { ...NOT_READY, scope });
    if (parts.isStopped?.() === true) return await turnAway({ leg, route });
    using place = admission.enter(route);
    if (place !== null) return await runCall(parts, calls, { leg, route });
    await overload(leg, route);
  }

  /** No room: what the organization of the number chose. */
  async function overload(leg: CallLeg, route: CallRoute): Promise<void> {
    const { scope } = route;
    const teller = tellerFor(parts, { leg, route, slots: tellerSlots });
    const found = await admission.overload(leg, route, teller);
    const told = teller?.told() ?? [];
    switch (found.kind) {
      case 'room': {
        using _held = found.held;
        return await runCall(parts, calls, { leg, route, told });
      }
      case 'refuse':
        return await refuse(parts, leg, { ...found.why, scope, told });
      case 'hand_over':
        return await handOver(parts, calls, { leg, route, destination: found.destination, told });
      case 'gone':
        return await refuse(parts, leg, { reason: 'at_capacity', outcome: 'abandoned_waiting', scope, told });
    }
  }

  /** A call during the global stop: to whom its organization chose, else to its network as "try elsewhere". */
  async function turnAway({ leg, route }: CallToRun): Promise<void> {
    const { overload: wish, scope } = route;
    if (wish?.choice !== 'fallback' || wish.destination === null)
      return await refuse(parts, leg, { reason: 'not_ready', outcome: 'rejected_stopped', scope });
    await handOver(parts, calls, { leg, route, destination: wish.destination });
  }
  return accept;
}

/** Who tells a caller who is held his place, where his organization wants that. */
function tellerFor(
  parts: CallEngineParts,
  { leg, route, slots }: Pick<CallToRun, 'leg' | 'route'> & { readonly slots: SlotQueue },
): PositionTeller | null {
  const { choice, tellPositionEveryMs: everyMs = null } = route.overload ?? {};
  if (choice !== 'queue' || everyMs === null) return null;
  const { organizationId } = route.scope;
  const { textToSpeech } = guardedModels(parts, organizationId);
  const log = parts.log.child({ legId: leg.legId, organizationId });
  return openPositionTeller({ leg, route, textToSpeech, clock: parts.clock, log, everyMs, slots });
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

/** Why a call is refused. `scope` is the number's organization, once it is known: the refused call is then one of its own. */
type Refusal = {
  readonly reason: RejectReason;
  readonly outcome: CallOutcome;
  readonly scope?: OrgScope;
  readonly told?: readonly ToldPosition[];
};

/** What callers are told by a server that stops, or has no room for what calls write; more capacity would change nothing. */
const NOT_READY: Refusal = { reason: 'not_ready', outcome: 'rejected_not_ready' };

async function refuse(parts: CallEngineParts, leg: CallLeg, why: Refusal): Promise<void> {
  const { dialledNumber, callerNumber, legId } = leg;
  parts.log.info({ legId, reason: why.reason, pii: { dialledNumber } }, 'call refused');
  const at = parts.clock.wallAt();
  const callId = newId('call');
  parts.journal.record({
    kind: 'call_rejected',
    callId,
    at,
    scope: why.scope ?? null,
    dialledNumber,
    callerNumber,
    outcome: why.outcome,
  });
  if (why.scope) recordTold(parts.journal, { callId, scope: why.scope }, why.told ?? []);
  await leg.reject(why.reason);
}

/** A call to run; `from`: it began in another process; `told`: what the caller heard of his place while he was held. */
type CallToRun = {
  readonly leg: CallLeg;
  readonly route: CallRoute;
  readonly from?: Omit<ResumedLeg, 'route'>;
  readonly told?: readonly ToldPosition[];
};

/** A call that no agent takes; `destination` null: there is nobody to ring. */
type CallToHandOver = Pick<CallToRun, 'leg' | 'route' | 'told'> & { readonly destination: string | null };

async function runCall(parts: CallEngineParts, calls: RunningCalls, { leg, route, from, told = [] }: CallToRun): Promise<void> {
  const { clock } = parts;
  const { scope, agent } = route;
  const { callerNumber } = leg;
  const callId = from?.call.callId ?? newId('call');
  const names = { callId, organizationId: scope.organizationId };
  const log = parts.log.child({ ...names, legId: leg.legId });
  leg.nameCall(names);
  leg.keepLanguage(agent.language);
  const record = beginRecord(parts, { callId, leg, route, ...(from && { from }) });
  recordTold(parts.journal, { callId, scope }, told);
  const over = new AbortController();
  const models = guardedModels(parts, scope.organizationId);
  const context = {
    scope,
    agentId: agent.agentId,
    conversationId: callId,
    callerNumber: callerNumber || null,
    language: agent.language,
    signal: over.signal,
  };
  const dialog = openDialog(agent, {
    languageModel: models.languageModel,
    tools: await findTools({ ...parts, log }, { scope, agent }),
    context,
    clock,
    onToolFault: ({ tool, error }) => log.warn({ tool, err: error }, 'a tool failed'),
  });
  const talk = from?.survivor.talk ?? null;
  const words = parts.announcements.find('resume', agent.language);
  const isNode = (node: string): boolean => agent.flow.nodes.some(({ name }) => name === node);
  const resumed = from ? resumedCall({ ...from, begin: dialog.open(), isNode, words, nowAt: clock.wallAt() }) : null;
  const call = talk
    ? openSurvivedTalk({ leg, talk, record, log })
    : new LiveCall({ ...parts, ...models, leg, route, dialog, record, log, resumed });
  log.info({ agentId: agent.agentId }, 'call accepted');
  void prepareHearing({ speechToText: parts.speechToText, agent, log, signal: over.signal });
  try {
    await calls.run(names, call);
    recordQuality(parts, { callId, scope, leg });
  } finally {
    over.abort();
    log.info({}, 'call over');
  }
}

/** Rings whoever takes the call in place of an agent: it holds no slot, and is one of the running calls all the same. */
async function handOver(
  parts: CallEngineParts,
  calls: RunningCalls,
  { leg, route, destination, told = [] }: CallToHandOver,
): Promise<void> {
  const { scope } = route;
  const callId = newId('call');
  const names = { callId, organizationId: scope.organizationId };
  leg.nameCall(names);
  const record = beginRecord(parts, { callId, leg, route });
  recordTold(parts.journal, { callId, scope }, told);
  const log = parts.log.child({ ...names, legId: leg.legId });
  await calls.run(names, openHandOver({ ...parts, leg, route, destination, record, log }));
  recordQuality(parts, { callId, scope, leg });
}

/** Tells the journal that the call is there, or that it goes on here. */
function beginRecord({ journal, clock }: CallEngineParts, { callId, leg, route, from }: CallToRun & { callId: CallId }): CallRecord {
  const { scope, agent } = route;
  const { legId, dialledNumber, callerNumber, recordingPath } = leg;
  const at = clock.wallAt();
  const about = { callId, at, scope, agentId: agent.agentId, dialledNumber, callerNumber };
  if (from === undefined) {
    journal.record({ kind: 'call_started', ...about, legId, recordingPath });
    return openCallRecord({ callId, scope, journal, clock, startedAtMs: leg.arrivedAtMs });
  }
  const { startedAt, answeredAt, turns } = from.call;
  const { gapMs } = from.survivor;
  journal.record({ kind: 'call_resumed', ...about, startedAt, answeredAt, turns, gapMs });
  const startedAtMs = clock.nowMs() - (at.getTime() - startedAt.getTime());
  const record = openCallRecord({ callId, scope, journal, clock, startedAtMs, turns });
  record.note('call_resumed', { gapMs });
  return record;
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
