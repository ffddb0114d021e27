// centralita test: scenarios against an agent, as text, with a table of what came of them.
import { openChatClient } from './chat-client.ts';
import { CommandFailure } from './command-failure.ts';
import type { CommandSpec } from './command-group.ts';
import { readScenarios } from './scenario-file.ts';
import type { ScenarioResult } from './scenario-run.ts';
import { playScenario } from './scenario-run.ts';
import { printable, renderTable } from './table.ts';

export const testCommand: CommandSpec = {
  name: 'test',
  args: ['agent', 'file'],
  summary: 'play the scenarios of a YAML file against an agent, with the token in CENTRALITA_TOKEN; ends with 5 when one fails',
  example: 'test agent_0198c0ffee… docs/examples/scenarios/reception.es.yaml',
  run: async ({ terminal, common }, { args }) => {
    const { agent: agentId = '', file = '' } = args;
    const scenarios = readScenarios(file, file === '-' ? await terminal.readInput() : await terminal.readFile(file));
    const client = await openChatClient(terminal, common.url);
    const results: ScenarioResult[] = [];
    for (const scenario of scenarios) {
      let conversationId: string | null = null;
      const send = async (input: Parameters<typeof client.send>[1]) => {
        const reply = await client.send({ agentId, conversationId }, input);
        ({ conversationId } = reply);
        return reply;
      };
      results.push(await playScenario(scenario, { send, nowMs: () => performance.now() }));
    }
    const failed = results.filter(({ ok }) => !ok);
    if (common.json) terminal.out(`${JSON.stringify({ scenarios: results.length, failed: failed.length, results })}\n`);
    else terminal.out(report(results));
    if (failed.length > 0) throw new CommandFailure(5, `${failed.length} of ${results.length} scenarios failed`);
  },
};

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
    ],
    rows,
  );
  const details = results.flatMap(({ name, failedStep, problems }) =>
    problems.map((problem) => `${printable(`${name}, step ${failedStep}: ${problem}`)}\n`),
  );
  return table + details.join('');
}
