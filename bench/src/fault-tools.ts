/** Faults of what a language model does with tools, and of the systems behind them. */
import { fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { SHOP_TOOL } from './fault-agents.ts';
import type { ServerMood } from './fault-servers.ts';
import { converse, greeted, heard, noted, quiet, say } from './fault-talk.ts';

/** As the template's models write it. */
const toolCall = (name: string, args: string): string => `<tool_call>\n{"name": "${name}", "arguments": ${args}}\n</tool_call>`;
const order = toolCall(SHOP_TOOL, '{"number": 7}');
const answer = 'Está hecho, gracias.';

type ToolRow = {
  name: string;
  row: number;
  fault: string;
  injection: string;
  expected: string;
  /** What the model writes, one text for each request. */
  texts: readonly string[];
  mood?: ServerMood;
  /** Words of the note of the tool's call. */
  verdict: RegExp;
  /** Requests that reach the shop. */
  reached: number;
};

/** A turn in which the model wants a tool, and a turn after it as if nothing had been. */
function toolTurn(row: ToolRow): Fault {
  const { texts, mood = 200, verdict, reached, ...described } = row;
  return fault({
    ...described,
    metric: /^centralita_tool_calls_total/,
    cause: new RegExp(`tool_called.*${verdict.source}`),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'shop');
      world.shop.mood = mood;
      await world.models.misbehave('language_model', { kind: 'say', texts });
      const saidAt = await say(world, call);
      const afterMs = await heard(call, saidAt);
      await noted(trial, 'tool_called', verdict);
      await quiet(call, saidAt);
      return { call, afterMs };
    },
    async expect(world, _trial, { call, afterMs }) {
      must(afterMs <= 4_000, `the caller heard nothing for ${afterMs.toFixed(0)} ms`);
      must(world.shop.requests.length === reached, `${world.shop.requests.length} requests reached the shop, not ${reached}`);
      await world.models.behave();
      await converse(world, call, 1);
    },
  });
}

export const toolFaults: readonly Fault[] = [
  toolTurn({
    name: 'tool-unknown',
    row: 7,
    fault: 'the model calls a tool that is not there',
    injection: 'a call of transfer_money',
    expected: 'nothing runs, it is counted, the caller is answered',
    texts: [toolCall('transfer_money', '{"to": "me"}'), answer],
    verdict: /unknown_tool/,
    reached: 0,
  }),
  toolTurn({
    name: 'tool-arguments-broken',
    row: 7,
    fault: 'the model writes JSON that is none',
    injection: 'arguments that end in the middle',
    expected: 'nothing runs, it is counted, the caller is answered',
    texts: [toolCall(SHOP_TOOL, '{"number": '), answer],
    verdict: /invalid_arguments/,
    reached: 0,
  }),
  toolTurn({
    name: 'tool-arguments-wrong',
    row: 7,
    fault: 'the model invents arguments',
    injection: 'a wrong type, and an organization’s id as a key more',
    expected: 'nothing runs, it is counted, the caller is answered',
    texts: [toolCall(SHOP_TOOL, '{"number": "seven", "organizationId": "org_other"}'), answer],
    verdict: /invalid_arguments/,
    reached: 0,
  }),
  toolTurn({
    name: 'tool-called-twice',
    row: 8,
    fault: 'the model makes the same call twice',
    injection: 'the same order, registered again in the same turn',
    expected: 'it runs once, the second call gets the first outcome',
    texts: [order, order, answer],
    verdict: /repeated/,
    reached: 1,
  }),
  toolTurn({
    name: 'tool-answers-500',
    row: 9,
    fault: 'the system behind a tool fails',
    injection: '500 from the shop',
    expected: 'the caller is told, nothing is tried again by itself',
    texts: [order, answer],
    mood: 500,
    verdict: /refused|failed/,
    reached: 1,
  }),
  toolTurn({
    name: 'tool-hangs',
    row: 9,
    fault: 'the system behind a tool does not answer',
    injection: 'the shop takes the request and says nothing',
    expected: 'the wait is filled, given up within the tool’s budget, the caller is told',
    texts: [order, answer],
    mood: 'hang',
    verdict: /timed_out|failed/,
    reached: 1,
  }),
];
