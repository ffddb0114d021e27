/** Tries one fault after the other on one world: injection, expectation, repair, oracle; what is broken after one is mended before the next. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CONNECTIONS } from '@centralita/control-plane/db/client.ts';
import { leftoversOf } from '@centralita/e2e/leftovers.ts';
import { seenWithoutFault } from './fault-calm.ts';
import type { Calm } from './fault-calm.ts';
import type { Fault } from './fault.ts';
import { holdingsOf, judge } from './fault-oracle.ts';
import type { Holdings } from './fault-oracle.ts';
import { converse, greeted, hungUp, press, say } from './fault-talk.ts';
import { openTrial } from './fault-trial.ts';
import type { Trial } from './fault-trial.ts';
import { openFaultWatch, samplesOf } from './fault-watch.ts';
import type { FaultWorld } from './fault-world.ts';

/** What came of one fault. */
export type FaultResult = {
  readonly name: string;
  readonly row: number;
  readonly survived: boolean;
  readonly tookMs: number;
  /** In words; empty when it was survived. */
  readonly problems: readonly string[];
};

const LIMIT_MS = 60_000;
/** A breaker is tried again after 10 s at the latest. */
const HEAL_MS = 40_000;
const HEAL_PAUSE_MS = 1_000;
/** From the beginning of a caller's last sentence to the end of the agent's goodbye, on a busy machine. */
const GOODBYE_MS = 20_000;

/** `calm`: what the warm-up saw; a row that is content with it fails. */
export async function tryFault(world: FaultWorld, fault: Fault, calm: Calm): Promise<FaultResult> {
  const startedAtMs = performance.now();
  const problems: string[] = [...seenWithoutFault(fault, calm)];
  const { name, row } = fault;
  const note = (what: string) => (error: unknown) => void problems.push(`${what}: ${wordsOf(error)}`);
  const before = await holdingsWithConnections(world);
  await using watch = await openFaultWatch(world);
  const limitMs = fault.limitMs ?? LIMIT_MS;
  const trial = openTrial(world.database, limitMs);
  await within(fault.run(world, trial), limitMs).catch(note('expected'));
  await within(putRight(world, fault), LIMIT_MS).catch(note('repair'));
  // Whoever is still up after the fault hangs up like anybody else, with everything there to see it.
  await within(Promise.resolve(trial[Symbol.asyncDispose]()), LIMIT_MS).catch(note('hanging up'));
  problems.push(...(await judge(world, fault, { trial, watch, before, calm }).catch((error: unknown) => [`oracle: ${wordsOf(error)}`])));
  await heal(world).catch(note('healing'));
  return { name, row, survived: problems.length === 0, tookMs: performance.now() - startedAtMs, problems };
}

/** The first calls open connections and fill caches, which are no leak. Answers with what calls and requests write and move where nothing is broken. */
export async function warmUp(world: FaultWorld): Promise<Calm> {
  await firstCalls(world);
  await leftoversOf(world.rig, { withinMs: LIMIT_MS });
  await using watch = await openFaultWatch(world);
  await using trial = openTrial(world.database, LIMIT_MS);
  await ordinaryCalls(world, trial);
  await Promise.all(['/health/ready', '/admin/calls', '/admin/calls'].map((path) => world.asAdmin(path)));
  await trial.until('the calls of the warm-up are over', async () => (await trial.calls()).every(({ endedAt }) => endedAt !== null));
  return { lines: await watch.lines(trial), samples: new Map(await watch.moved()) };
}

async function firstCalls(world: FaultWorld): Promise<void> {
  await using trial = openTrial(world.database, LIMIT_MS);
  const calls = await Promise.all([greeted(world, trial, 'model'), greeted(world, trial, 'keys'), greeted(world, trial, 'shop')]);
  await converse(world, calls[0]);
}

/** Speech, keys and a goodbye: the agent ends all of them, so that a caller’s own end is something else. */
async function ordinaryCalls(world: FaultWorld, trial: Trial): Promise<void> {
  const [model, shop, keys] = await Promise.all([
    greeted(world, trial, 'model'),
    greeted(world, trial, 'shop'),
    greeted(world, trial, 'ordinary'),
  ]);
  await Promise.all([converse(world, model), converse(world, shop), press(keys, '1')]);
  await Promise.all([keys.sendDtmf('9'), hungUp(keys, GOODBYE_MS)]);
  for (const [call, goodbye] of [
    [model, 'terminar la llamada'],
    [shop, 'hasta luego'],
  ] as const) {
    await world.models.misbehave('speech_to_text', { kind: 'say', texts: [goodbye] }, 8);
    await Promise.all([say(world, call, 1), hungUp(call, GOODBYE_MS)]);
    await world.models.behave();
  }
}

/** A process that was just started, or lost its connections to the fault before, opens them again with the next requests: that is no leak. */
async function holdingsWithConnections(world: FaultWorld): Promise<Holdings> {
  await Promise.all(Array.from({ length: 2 * MAX_CONNECTIONS }, () => world.asAdmin('/admin/calls')));
  return holdingsOf(world.rig.controlPlane.pid);
}

/** Everything that a fault may have broken is whole again; what a fault broke for itself it repairs itself. */
async function putRight(world: FaultWorld, fault: Fault): Promise<void> {
  await fault.repair(world);
  world.models.thaw();
  await world.models.start();
  await world.models.behave();
  for (const wire of Object.values(world.wires)) {
    wire.thaw();
    wire.delay(0);
    wire.refuse(false);
  }
  for (const server of [world.shop, world.receiver]) {
    server.mood = 200;
    server.requests.length = 0;
  }
  if (!world.rig.controlPlane.isRunning()) await world.rig.startControlPlane();
  await world.rig.untilReady();
}

/** A breaker that is open closes by a call that goes well: that it does is part of having survived. */
async function heal(world: FaultWorld): Promise<void> {
  const isOpen = async (): Promise<boolean> => {
    const samples = await samplesOf(world.url);
    return samples === null || [...samples.values].some(([sample, value]) => sample.startsWith('centralita_breaker_state') && value > 0);
  };
  const deadline = performance.now() + HEAL_MS;
  while (await isOpen()) {
    if (performance.now() > deadline) throw new Error(`a breaker is open ${HEAL_MS} ms after its models were well again`);
    await sleep(HEAL_PAUSE_MS);
    await using trial = openTrial(world.database, HEAL_MS);
    const call = await greeted(world, trial, 'model').catch(() => null);
    if (call !== null) await converse(world, call).catch(() => undefined);
  }
}

async function within<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not over after ${limitMs} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
