// centralita global-stop: the kill switch for new calls, on all servers at once.
import { z } from 'zod';
import type { Answer } from './api-client.ts';
import type { CommandGroup } from './command-group.ts';
import type { Invocation } from './invocation.ts';
import { textOf, textOption } from './options.ts';

const stateSchema = z.object({
  state: z.string(),
  cause: z.string(),
  reason: z.string(),
  changedAt: z.string(),
  changed: z.boolean().optional(),
  stored: z.boolean().optional(),
});

export const globalStopCommands: CommandGroup = {
  name: 'global-stop',
  summary: 'the kill switch: refuse new calls on all servers, let live ones go on',
  commands: [
    {
      name: 'on',
      args: ['reason'],
      summary: 'stop taking new calls, within 2 seconds; a restart does not resume',
      example: 'global-stop on "carrier sends us somebody else\'s calls"',
      run: async (invocation, { args }) =>
        show(invocation, await (await invocation.api()).send('POST', '/admin/global-stop', { reason: args['reason'] })),
    },
    {
      name: 'off',
      options: [textOption('--reason <text>', 'for the audit log')],
      summary: 'take new calls again',
      example: 'global-stop off',
      run: async (invocation, { options }) => {
        const reason = textOf(options, 'reason');
        const body = reason === undefined ? {} : { reason };
        show(invocation, await (await invocation.api()).send('POST', '/admin/global-stop/resume', body));
      },
    },
    {
      name: 'status',
      summary: 'whether new calls are taken, since when and why',
      example: 'global-stop status',
      run: async (invocation) => show(invocation, await (await invocation.api()).get('/admin/global-stop')),
    },
  ],
};

function show(invocation: Invocation, answer: Answer): void {
  const parsed = stateSchema.safeParse(answer.body);
  if (invocation.common.json || !parsed.success) return invocation.show(answer);
  const { state, cause, reason, changedAt, changed, stored } = parsed.data;
  const words = state === 'stopped' ? 'New calls are stopped' : 'New calls are taken';
  const already = changed === false ? ', as before' : '';
  const why = reason === '' ? '' : `, by ${cause}: ${reason}`;
  const where = stored === false ? ' On this server alone until its database is back, which was not reached.' : '';
  invocation.terminal.out(`${words}${already} (since ${changedAt}${why}).${where}\n`);
}
