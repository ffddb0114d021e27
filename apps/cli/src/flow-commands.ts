// centralita flow: what can be done with a flow on any machine, without the appliance.
import { savedDraftSchema, savedFlowSchema } from '@centralita/control-plane/dialog/flow-schema.ts';
import { CommandFailure } from './command-failure.ts';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { readJson } from './options.ts';
import { printable } from './table.ts';

const check: CommandSpec = {
  name: 'check',
  args: ['file'],
  summary: 'whether a flow, or an agent with its flow, could be saved: a line for each problem, with its path; asks nobody',
  example: 'flow check docs/examples/flows/clinic.es.json',
  run: async ({ terminal, common }, { args }) => {
    const { file = '' } = args;
    const json = await readJson(terminal, file);
    const checked = (isAgent(json) ? savedDraftSchema : savedFlowSchema).safeParse(json);
    const problems = checked.error?.issues.map(({ path, message }) => ({ path: path.join('.'), message })) ?? [];
    if (common.json) terminal.out(`${JSON.stringify({ valid: checked.success, problems })}\n`);
    else if (checked.success) terminal.out(`${printable(file)}: no problems\n`);
    else for (const { path, message } of problems) terminal.out(`${printable(`${path === '' ? '(root)' : path}: ${message}`)}\n`);
    if (!checked.success) throw new CommandFailure(1, problems.length === 1 ? '1 problem' : `${problems.length} problems`);
  },
};

/** What `agent register` takes holds the flow beside a name and a voice. */
function isAgent(json: unknown): boolean {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, 'flow');
}

export const flowCommands: CommandGroup = { name: 'flow', summary: 'flows of agents, checked without the appliance', commands: [check] };
