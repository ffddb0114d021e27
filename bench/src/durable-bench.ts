/** Turns that the journal took on while PostgreSQL is killed again and again: each of them must stand in the database at the end, once and in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { talk } from './durable-callers.ts';
import type { Line } from './durable-callers.ts';
import { compareTurns } from './durable-count.ts';
import type { SaidTurn } from './durable-count.ts';
import { listUnfinished, openDurableWorld, readTurns } from './durable-world.ts';
import type { DurableWorld } from './durable-world.ts';
import { runBench } from './harness.ts';

/** As many calls at once as an appliance is sold for. */
const LINES = 50;
/** From the first batch after a start until the next kill, at random between these. */
const WRITING_FROM_MS = 500;
const WRITING_TO_MS = 4_000;
/** From a kill until the server is started again, at random between these. */
const AWAY_FROM_MS = 500;
const AWAY_TO_MS = 3_000;
/** The journal tries again at the latest 6 s after a failure; the server's own recovery took 2 s. */
const WRITES_AGAIN_MS = 60_000;
const POLL_MS = 20;
/** A run takes a minute; one in which the spool takes nothing more would never have its turns. */
const RUN_LIMIT_MS = 900_000;
/** So many of what is wrong are told one by one. */
const TOLD = 10;

await runBench({
  name: 'durable',
  defaults: { turns: 50_000, kills: 8, forgotten: 0 },
  reaches: { acknowledged: '>= 50000', lost: '0', misplaced: '0', calls_unfinished: '0', dropped: '0', kills: '>= 8' },
  standIns: [
    `the engine: ${LINES} lines tell the journal of calls faster than people talk; journal, spool, PostgreSQL and their disk are real`,
    'the supervisor is the bench: it starts PostgreSQL again after the time that it drew',
  ],
  async run({ options, log, random, signal }) {
    await using world = await openDurableWorld({ forgotten: options.forgotten, log });
    const acknowledged: SaidTurn[] = [];
    const ended = new Map<string, number>();
    const startedAtMs = performance.now();
    // Drawn before anybody talks: the seed alone decides them.
    const plan = Array.from({ length: options.kills }, () => ({
      afterMs: WRITING_FROM_MS + random() * (WRITING_TO_MS - WRITING_FROM_MS),
      awayMs: AWAY_FROM_MS + random() * (AWAY_TO_MS - AWAY_FROM_MS),
    }));
    const stop = new AbortController();
    const within = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(RUN_LIMIT_MS)]);
    let kills = 0;
    const killing = killAgainAndAgain(world, plan, {
      signal: within,
      onKilled(told) {
        kills += 1;
        log(`kill ${kills}: ${told}, ${acknowledged.length} turns acknowledged so far`);
      },
    });
    const line: Omit<Line, 'scope' | 'agentId'> = {
      ...world,
      random,
      signal: within,
      isOver: () => kills >= options.kills && acknowledged.length >= options.turns,
      onAcknowledged: (turn) => acknowledged.push(turn),
      onEnded: (callId, turns) => ended.set(callId, turns),
    };
    const talking = Array.from({ length: LINES }, (_, index) => {
      const owner = world.organizations[index % world.organizations.length];
      if (owner === undefined) throw new Error('nobody to talk to');
      return talk({ ...line, ...owner });
    });
    try {
      await Promise.all([killing, ...talking]);
    } finally {
      stop.abort(new Error('another part of the bench failed'));
    }
    const seconds = (performance.now() - startedAtMs) / 1_000;
    log(`${acknowledged.length} turns of ${ended.size} calls in ${seconds.toFixed(0)} s; ${world.journal.depth()} events wait`);
    await world.journal.flush();
    log(`all is written after ${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s; ${world.spool.records()} records in the spool`);
    const { rows, ...wrong } = await countWrong(world, { acknowledged, ended, log });
    return { n: rows, figures: { acknowledged: acknowledged.length, ...wrong, dropped: world.journal.dropped(), kills } };
  },
});

type Talked = {
  readonly acknowledged: readonly SaidTurn[];
  readonly ended: ReadonlyMap<string, number>;
  readonly log: (message: string) => void;
};

/** Reads everything back and tells the first of what is wrong one by one. */
async function countWrong(world: DurableWorld, { acknowledged, ended, log }: Talked) {
  const rows = await readTurns(world);
  const { lost, misplaced } = compareTurns(acknowledged, rows);
  const unfinished = await listUnfinished(world, ended);
  for (const { callId, seq } of lost.slice(0, TOLD)) log(`lost: turn ${seq} of ${callId}`);
  for (const { callId, seq } of misplaced.slice(0, TOLD)) log(`misplaced: turn ${seq} of ${callId}`);
  for (const callId of unfinished.slice(0, TOLD)) log(`unfinished: ${callId}`);
  return { rows: rows.length, lost: lost.length, misplaced: misplaced.length, calls_unfinished: unfinished.length };
}

type Kill = { readonly afterMs: number; readonly awayMs: number };

/** Each kill meets a journal that writes: the next one is counted from the first batch that was committed after the last. */
async function killAgainAndAgain(
  world: DurableWorld,
  plan: readonly Kill[],
  { signal, onKilled }: { signal: AbortSignal; onKilled: (told: string) => void },
): Promise<void> {
  for (const { afterMs, awayMs } of plan) {
    await untilWriting(world, signal);
    await sleep(afterMs, undefined, { signal });
    const met = world.isWriting() ? 'a batch on its way' : 'no batch on its way';
    await world.server.kill();
    await sleep(awayMs, undefined, { signal });
    const waiting = world.journal.depth();
    await world.server.start();
    onKilled(`${met}, away for ${awayMs.toFixed(0)} ms, ${waiting} events waited when it was started`);
  }
  await untilWriting(world, signal);
}

async function untilWriting({ committed }: DurableWorld, signal: AbortSignal): Promise<void> {
  const before = committed();
  const deadline = performance.now() + WRITES_AGAIN_MS;
  while (committed() === before) {
    if (performance.now() > deadline) throw new Error(`the journal wrote nothing within ${WRITES_AGAIN_MS} ms of the server's answer`);
    await sleep(POLL_MS, undefined, { signal });
  }
}
