// centralita health: whether a call would be answered now, and how everything that the appliance depends on does.
import { z } from 'zod';
import { CommandFailure } from './command-failure.ts';
import type { CommandGroup } from './command-group.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';

const rows = z.array(z.record(z.string(), z.unknown()));
const healthSchema = z.object({ ready: z.boolean(), checks: rows, dependencies: rows });
const checkColumns: readonly Column[] = [
  ['NEEDED', 'name'],
  ['OK', 'ok'],
  ['WHY NOT', 'reason'],
];
const dependencyColumns: readonly Column[] = [
  ['DEPENDENCY', 'name'],
  ['STATE', 'state'],
  ['MS', 'latencyMs'],
  ['MODE', 'mode'],
  ['MODEL', 'model'],
  ['SINCE', 'since'],
  ['LAST ERROR', 'lastError.reason'],
];

export const healthCommands: CommandGroup = {
  name: 'health',
  summary: 'whether calls are answered, and how everything behind them does',
  commands: [
    {
      name: 'show',
      summary: 'what a call needs and what the appliance depends on; exit code 1 when no call would be answered',
      example: 'health show',
      run: async (invocation) => {
        const answer = await (await invocation.api()).get('/health/detailed');
        const health = healthSchema.safeParse(answer.body);
        if (!health.success) return invocation.show(answer);
        const { ready, checks, dependencies } = health.data;
        if (invocation.common.json) invocation.show(answer);
        else invocation.terminal.out(`${renderTable(checkColumns, checks)}\n${renderTable(dependencyColumns, dependencies)}`);
        if (!ready) throw new CommandFailure(1, 'not ready: no call would be answered now');
      },
    },
  ],
};
