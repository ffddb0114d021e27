// centralita test: scenarios against an agent, as text or by telephone, with a table of what came of them.
import { InvalidArgumentError, Option } from 'commander';
import { chooseAccount } from './call-account.ts';
import { createCallJournal } from './call-journal.ts';
import { openTelephone } from './call-telephone.ts';
import { openChatClient } from './chat-client.ts';
import { CommandFailure, usageFailure } from './command-failure.ts';
import type { CommandSpec } from './command-group.ts';
import { chooseUrl, readCredentials } from './credentials.ts';
import type { Invocation } from './invocation.ts';
import { numberOf, numberOption, textOf, textOption } from './options.ts';
import { readScenarios } from './scenario-file.ts';
import type { Scenario } from './scenario-file.ts';
import type { ScenarioResult } from './scenario-run.ts';
import { playScenario } from './scenario-run.ts';
import { printable, renderTable } from './table.ts';

/** Plays one scenario. Disposed when all are played. */
type Player = AsyncDisposable & { play(scenario: Scenario): Promise<ScenarioResult> };

const callOption = new Option('--call <number>', 'dial this number of the agent and speak, instead of writing to it').argParser(
  (text: string) => {
    if (/^[+]?[0-9]{2,20}$/.test(text)) return text;
    throw new InvalidArgumentError('must be a number of 2 to 20 digits, with or without a +');
  },
);

const callOnly = ['phone', 'sip', 'voice', 'atOnce'] as const;

export const testCommand: CommandSpec = {
  name: 'test',
  args: ['agent', 'file'],
  options: [
    callOption,
    textOption(
      '--phone <user>',
      "with --call: SIP user to call with, its password in CENTRALITA_PHONE_PASSWORD; default: the appliance's test caller",
    ),
    textOption('--sip <host:port>', "with --call: the telephone system; default: CENTRALITA_SIP, else the API's host"),
    textOption('--voice <voice>', "with --call: the caller's espeak-ng voice, such as es-419+f2; default: that of the language"),
    numberOption('--at-once <calls>', 'with --call: calls at the same time', { from: 1, to: 50 }),
  ],
  asks: 'organization',
  summary: 'play the scenarios of a YAML file against an agent, with the token in CENTRALITA_TOKEN; ends with 5 when one fails',
  example: 'test agent_0198c0ffee… docs/examples/scenarios/reception.es.yaml --call +34910000001',
  run: async (invocation, { args, options }) => {
    const { terminal, common } = invocation;
    const { agent: agentId = '', file = '' } = args;
    const scenarios = readScenarios(file, file === '-' ? await terminal.readInput() : await terminal.readFile(file));
    const number = textOf(options, 'call');
    const stray = number === undefined ? callOnly.find((name) => options[name] !== undefined) : undefined;
    if (stray !== undefined)
      throw usageFailure(`--${stray === 'atOnce' ? 'at-once' : stray} is for calls: say --call with the number to dial`);
    await using player =
      number === undefined ? await openWriter(invocation, agentId) : await openSpeaker(invocation, { agentId, number, options });
    const results = await playAll(scenarios, player, numberOf(options, 'atOnce') ?? 1);
    const failed = results.filter(({ ok }) => !ok);
    if (common.json) terminal.out(`${JSON.stringify({ scenarios: results.length, failed: failed.length, results })}\n`);
    else terminal.out(report(results));
    if (failed.length > 0) throw new CommandFailure(5, `${failed.length} of ${results.length} scenarios failed`);
  },
};

/** Writes to the agent: a chat for each scenario. */
async function openWriter({ terminal, common }: Invocation, agentId: string): Promise<Player> {
  const client = await openChatClient(terminal, common.url);
  return {
    play: async (scenario) => {
      let conversationId: string | null = null;
      return await playScenario(scenario, async (input) => {
        const startedMs = performance.now();
        const reply = await client.send({ agentId, conversationId }, input);
        ({ conversationId } = reply);
        return { kind: 'replied', reply, replyMs: Math.round(performance.now() - startedMs) };
      });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

type Dialled = { readonly agentId: string; readonly number: string; readonly options: Readonly<Record<string, unknown>> };

/** Speaks to the agent: a call for each scenario. */
async function openSpeaker(invocation: Invocation, { agentId, number, options }: Dialled): Promise<Player> {
  const { terminal, common } = invocation;
  const { env, signal } = terminal;
  const url = chooseUrl(env, common.url, await readCredentials(env));
  const wanted = { phone: textOf(options, 'phone'), sip: textOf(options, 'sip'), voice: textOf(options, 'voice') };
  const account = await chooseAccount(terminal, wanted, url);
  const journal = createCallJournal(await invocation.api());
  const onBusy = (refusal: string): void =>
    terminal.err(`${number} has no room for a call (${refusal}): it is dialled again for a while\n`);
  const telephone = await openTelephone({ account, journal, number, agentId, onBusy, signal });
  return {
    play: async (scenario) => {
      await using placed = await telephone.dial(scenario.language);
      return { ...(await playScenario(scenario, (input) => placed.conversation.send(input))), callId: placed.callId };
    },
    [Symbol.asyncDispose]: () => telephone[Symbol.asyncDispose](),
  };
}

/** The results in the order of the scenarios, of which `atOnce` are played at the same time. */
async function playAll(scenarios: readonly Scenario[], player: Player, atOnce: number): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const waiting = scenarios.entries();
  const work = async (): Promise<void> => {
    for (const [index, scenario] of waiting) results[index] = await player.play(scenario);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

function report(results: readonly ScenarioResult[]): string {
  const rows = results.map(({ ok, ...result }) => ({ ...result, result: ok ? 'ok' : 'FAILED' }));
  const table = renderTable(
    [
      ['RESULT', 'result'],
      ['SCENARIO', 'name'],
      ['LANGUAGE', 'language'],
      ['STEPS', 'steps'],
      ['SLOWEST MS', 'slowestMs'],
      ['FAILED STEP', 'failedStep'],
      ...(results.some(({ callId }) => callId !== null) ? [['CALL', 'callId'] as const] : []),
    ],
    rows,
  );
  const details = results.flatMap(({ name, failedStep, problems }) =>
    problems.map((problem) => `${printable(`${name}, step ${failedStep}: ${problem}`)}\n`),
  );
  return table + details.join('');
}
