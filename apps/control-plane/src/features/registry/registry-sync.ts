/**
 * Keeps the registry of servers and this one in step, in a loop of its own: no call and no request ever waits for it. Of the processes that
 * share a database one speaks; the others stand by. Whatever fails is tried again later, and told in the state that everybody reads.
 */
import { randomUUID } from 'node:crypto';
import type { ServerRegistry } from '#ports/server-registry.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { pause } from '#shared/waiting.ts';
import type { OutboxStore } from './outbox-store.ts';
import { pull } from './registry-pull.ts';
import type { PulledAs } from './registry-pull.ts';
import type { PushParts, PushTurn, ServerDescription, ServerPulse } from './registry-push.ts';
import { pushHeartbeat, pushWaiting, retireOthers } from './registry-push.ts';
import type { Rhythm, RhythmTimes } from './registry-rhythm.ts';
import { afterFailure, afterSuccess, REGISTRY_TIMES, startRhythm } from './registry-rhythm.ts';
import type { RegistryStateStore } from './registry-state-store.ts';
import type { RemoteStore } from './remote-store.ts';

export type RegistrySyncParts = {
  readonly registry: ServerRegistry;
  readonly outbox: OutboxStore;
  readonly remotes: RemoteStore;
  readonly state: RegistryStateStore;
  readonly description: ServerDescription;
  readonly pulse: () => ServerPulse;
  readonly observePush: PushParts['observe'];
  readonly observePull: (outcome: PulledAs, rows: number) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: RhythmTimes;
  /** How often the outbox is looked at, ms; default 5,000. */
  readonly lookEveryMs?: number;
  /** Rows of the outbox above which those of things that are no more are dropped for a full push; default 10,000. */
  readonly maxWaiting?: number;
};

export type RegistrySync = AsyncDisposable & {
  /** Looks at once rather than at the next time. */
  wake(): void;
};

const LOOK_EVERY_MS = 5_000;
const MAX_WAITING = 10_000;
/** Longer than any request, so that nobody takes the lease of a process that waits for an answer. */
const LEASE_MS = 90_000;
/** How often everything is heard anew, should the registry have been restored to an earlier state. */
const WHOLE_PULL_MS = 86_400_000;
/** A restored database is overtaken once. More since the process began: two servers write under one name. */
const MANY_OVERTAKES = 3;

/** What the loop remembers between its turns. */
type Memory = {
  rhythm: Rhythm;
  position: string;
  wholePullAtMs: number;
  /** The version below which everything in the registry is to become a tombstone, once all is sent; null: no full push is under way. */
  floor: number | null;
  overtakes: number;
};

/** Starts it. Disposing it ends what is under way and gives the lease back. */
export function openRegistrySync(parts: RegistrySyncParts): RegistrySync {
  const { state, clock, log, lookEveryMs = LOOK_EVERY_MS } = parts;
  const scope = mintApplianceScope();
  const holder = randomUUID();
  const stopping = new AbortController();
  const nowMs = clock.nowMs();
  const memory: Memory = { rhythm: startRhythm(nowMs), position: '', wholePullAtMs: nowMs + WHOLE_PULL_MS, floor: null, overtakes: 0 };
  let waking = new AbortController();
  let isHolder = false;
  let isDatabaseAway = false;

  async function look(): Promise<void> {
    const wasHolder = isHolder;
    isHolder = await state.hold(scope, { holder, leaseMs: LEASE_MS });
    if (!isHolder) return;
    // Release, addresses and hardware are this process's own, and the one before may have died in the middle of a full push.
    if (!wasHolder) {
      memory.floor = null;
      await state.wantFullPush(scope);
    }
    await turn(parts, memory, stopping.signal);
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await look();
        isDatabaseAway = false;
      } catch (error) {
        if (!isDatabaseAway && !stopping.signal.aborted)
          log.warn({ error: loggableError(error) }, 'the registry cannot be looked after; the next look tries again');
        isDatabaseAway = true;
      }
      await pause(lookEveryMs, AbortSignal.any([stopping.signal, waking.signal]));
      waking = new AbortController();
    }
    await state.release(scope, holder).catch(() => {});
  }

  const working = work();
  return {
    wake: () => waking.abort(),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the process stops'));
      await working;
    },
  };
}

/** One turn of whoever holds the lease. */
async function turn(parts: RegistrySyncParts, memory: Memory, signal: AbortSignal): Promise<void> {
  const { outbox, state, clock, log, times = REGISTRY_TIMES, maxWaiting = MAX_WAITING } = parts;
  const scope = mintApplianceScope();
  // Also while the registry is away, and above all then.
  if (await outbox.compact(scope, maxWaiting)) {
    log.warn({ maxWaiting }, 'too much waits for the registry: tombstones are dropped, and everything is sent anew once it answers');
    await state.wantFullPush(scope);
  }
  if (clock.nowMs() < memory.rhythm.retryAtMs) return;
  const outcome = await exchange(parts, memory, signal);
  if (signal.aborted) return;
  const at = { nowMs: clock.nowMs(), random: Math.random(), times };
  if (outcome.kind === 'done') {
    if (memory.rhythm.failures > 0) log.info({ failures: memory.rhythm.failures }, 'the registry answers again');
    memory.rhythm = afterSuccess(memory.rhythm, at);
    return;
  }
  const reason = reasonOf(outcome, memory);
  memory.rhythm = afterFailure(memory.rhythm, outcome.kind === 'overtaken' ? 'unavailable' : outcome.kind, at);
  if (memory.rhythm.failures === 1 || outcome.kind !== 'unavailable')
    log.warn(
      { kind: outcome.kind, reason, nextTryInMs: Math.round(memory.rhythm.retryAtMs - at.nowMs) },
      'the registry does not take what it is told',
    );
  await state.failed(scope, reason);
}

function reasonOf(outcome: Exclude<PushTurn, { kind: 'done' }>, memory: Memory): string {
  if (outcome.kind !== 'overtaken') return `${outcome.kind}: ${outcome.reason}`;
  return memory.overtakes >= MANY_OVERTAKES
    ? 'another server writes under the same token: give each server one of its own'
    : 'the registry had newer rows of this server: everything is sent anew';
}

/** Heartbeat, outbox, news: in this order, until one fails. */
async function exchange(parts: RegistrySyncParts, memory: Memory, signal: AbortSignal): Promise<PushTurn> {
  const { state, outbox, clock } = parts;
  const scope = mintApplianceScope();
  const push: PushParts = { ...parts, observe: parts.observePush, wallAt: () => clock.wallAt() };
  const isBeatDue = clock.nowMs() >= memory.rhythm.beatAtMs;
  // First: its version is the newest there is, so that a restored database notices before it sends anything else.
  if (isBeatDue) {
    const beat = await pushHeartbeat(push, { scope, signal });
    if (beat.kind !== 'done') return await overtaken(parts, memory, beat);
  }
  memory.floor = (await outbox.fillIfWanted(scope)) ?? memory.floor;
  const waiting = await pushWaiting(push, { scope, signal });
  if (waiting.kind !== 'done') return await overtaken(parts, memory, waiting);
  const ended = await endFullPush(parts, memory, { push, signal });
  if (ended.kind !== 'done') return ended;
  if (isBeatDue) await state.pushed(scope);
  if (clock.nowMs() >= memory.rhythm.pullAtMs) {
    const failure = await hear(parts, memory, signal);
    if (failure) return failure;
  }
  if (memory.rhythm.failures > 0 || isBeatDue) await state.failed(scope, null);
  return { kind: 'done' };
}

async function overtaken({ state }: RegistrySyncParts, memory: Memory, outcome: PushTurn): Promise<PushTurn> {
  if (outcome.kind === 'overtaken') {
    memory.overtakes += 1;
    memory.floor = null;
    await state.wantFullPush(mintApplianceScope());
  }
  return outcome;
}

type Ending = { readonly push: PushParts; readonly signal: AbortSignal };

async function endFullPush({ state, log }: RegistrySyncParts, memory: Memory, { push, signal }: Ending): Promise<PushTurn> {
  if (memory.floor === null) return { kind: 'done' };
  const scope = mintApplianceScope();
  const { refused } = await state.read(scope);
  // A row that the registry will not have is still there under its old version: it must not become a tombstone.
  if (refused > 0) log.warn({ refused }, 'what is gone stays in the registry as long as it refuses some of what is there');
  const retired: PushTurn = refused > 0 ? { kind: 'done' } : await retireOthers(push, { scope, signal }, memory.floor);
  if (retired.kind === 'done') memory.floor = null;
  return retired;
}

async function hear(parts: RegistrySyncParts, memory: Memory, signal: AbortSignal) {
  const { state, clock } = parts;
  const scope = mintApplianceScope();
  if (clock.nowMs() >= memory.wholePullAtMs) {
    memory.position = '';
    memory.wholePullAtMs = clock.nowMs() + WHOLE_PULL_MS;
  }
  const { position, failure } = await pull({ ...parts, observe: parts.observePull }, { scope, signal }, memory.position);
  memory.position = position;
  if (failure === null) await state.pulled(scope);
  return failure;
}
