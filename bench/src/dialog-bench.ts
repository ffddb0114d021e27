/** Our own time per text turn: from a message until the reply is whole and committed, with 200 conversations at once and a model that takes no time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DialogInput } from '@centralita/control-plane/dialog/dialog.ts';
import { openDialogWorld } from './dialog-world.ts';
import type { DialogWorld } from './dialog-world.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';

/** What every caller says, again and again: a booking with a change of mind. Each is answered by the flow or by the model, whichever the agent has. */
const SAYS = ['quiero una cita', 'el martes', 'a las diez', 'no, otro día', 'el viernes', 'a las once', 'sí', 'qué horario tienen'];
/** Turns of each conversation before it counts: connections, prepared code and agents in memory, as on a box that is at work. */
const WARM_UP_TURNS = 2;

type Caller = {
  readonly world: DialogWorld;
  readonly agentId: string;
  readonly turns: number;
  readonly paceMs: number;
  readonly random: () => number;
};

/** Milliseconds of one turn, and of its making, without the database. */
type Measured = { readonly wholeMs: number; readonly replyMs: number };

/** One caller: a message every `paceMs` on average, the next only after the reply. Answers the milliseconds of each turn that counts. */
async function converse({ world, agentId, turns, paceMs, random }: Caller, signal: AbortSignal): Promise<Measured[]> {
  const measured: Measured[] = [];
  let conversationId: string | null = null;
  await sleep(random() * paceMs, undefined, { signal });
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    const text = SAYS[(turn + WARM_UP_TURNS) % SAYS.length] as string;
    const input: DialogInput = { kind: 'said', text, confidence: 1 };
    const startedMs = performance.now();
    const begun = await world.chats.begin({
      scope: world.scope,
      agentId,
      conversationId,
      channelData: {},
      requestId: null,
      traceParent: null,
      inputFor: () => input,
    });
    if (begun.kind !== 'begun') throw new Error(`a message was not taken: ${begun.kind}`);
    const reply = await begun.answer(() => {});
    if (turn >= 0) measured.push({ wholeMs: performance.now() - startedMs, replyMs: reply.stagesMs.replyMs });
    if (reply.text === '') throw new Error('an agent said nothing');
    ({ conversationId } = reply);
    await sleep(paceMs * (0.5 + random()), undefined, { signal });
  }
  return measured;
}

await runBench({
  name: 'dialog',
  defaults: { conversations: 200, turns: 8, paceMs: 4_000 },
  reaches: { turn_p50_ms: '<= 3', turn_p99_ms: '<= 15' },
  standIns: [
    'the language model is in this process and answers 20 words at once; PostgreSQL is real, a process of its own; HTTP is left out',
  ],
  async run({ options, random, log, signal }) {
    const { conversations, turns, paceMs } = options;
    await using world = await openDialogWorld();
    log(`${conversations} conversations, each with a message every ${paceMs / 1_000} s on average`);
    const callers = Array.from({ length: conversations }, (_, index) => {
      const agentId = world.agentIds[index % 2] as string;
      return converse({ world, agentId, turns, paceMs, random }, signal);
    });
    const perAgent = [[], []] as [Measured[], Measured[]];
    for (const [index, measured] of (await Promise.all(callers)).entries()) perAgent[index % 2]?.push(...measured);
    for (const [index, name] of ['by the flow', 'by the model'].entries()) {
      const measured = perAgent[index] as Measured[];
      const line = (millis: readonly number[]): string =>
        `p50 ${percentile(millis, 50).toFixed(2)} ms, p99 ${percentile(millis, 99).toFixed(2)} ms`;
      const made = line(measured.map(({ replyMs }) => replyMs));
      log(`answered ${name}: ${line(measured.map(({ wholeMs }) => wholeMs))} of ${measured.length}; without the database ${made}`);
    }
    const { hits, misses } = world.cache;
    log(`states of conversations: ${hits} in memory, ${misses} read`);
    const all = perAgent.flat().map(({ wholeMs }) => wholeMs);
    return { n: all.length, figures: { turn_p50_ms: percentile(all, 50), turn_p99_ms: percentile(all, 99) } };
  },
});
