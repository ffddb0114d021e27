// centralita registry: how this server stands with the registry of servers, and what is known of the others.
import { z } from 'zod';
import type { CommandGroup } from './command-group.ts';
import type { Column } from './table.ts';
import { renderFields, renderTable } from './table.ts';

const serverColumns: readonly Column[] = [
  ['SERVER', 'serverId'],
  ['RELEASE', 'release'],
  ['ADDRESSES', 'addresses'],
  ['ORGANIZATIONS', 'organizations'],
  ['CALLS', 'heartbeat.liveCalls'],
  ['MAXIMUM', 'heartbeat.maxCalls'],
  ['ACCEPTING', 'heartbeat.accepting'],
  ['SEEN', 'heartbeat.at'],
];
const agentColumns: readonly Column[] = [
  ['AGENT', 'agentId'],
  ['NAME', 'name'],
  ['STATE', 'state'],
  ['SERVER', 'serverId'],
  ['NUMBERS', 'numbers'],
];
const rows = z.array(z.record(z.string(), z.unknown()));
const reportSchema = z.looseObject({ state: z.string(), servers: rows, agents: rows });

export const registryCommands: CommandGroup = {
  name: 'registry',
  summary: 'the registry of servers, where there is one',
  commands: [
    {
      name: 'show',
      summary: 'how this server and the registry stand, the other servers, and which agent lives on which',
      example: 'registry show',
      run: async (invocation) => {
        const answer = await (await invocation.api()).get('/admin/registry');
        const report = reportSchema.safeParse(answer.body);
        if (invocation.common.json || !report.success) return invocation.show(answer);
        const { servers, agents, ...rest } = report.data;
        if (rest.state === 'local_only')
          return invocation.terminal.out('local-only: no registry is configured, and this server is on its own.\n');
        const tables = [
          servers.length === 0 ? '' : renderTable(serverColumns, servers),
          agents.length === 0 ? '' : renderTable(agentColumns, agents),
        ];
        invocation.terminal.out([renderFields(rest), ...tables].filter((text) => text !== '').join('\n'));
      },
    },
    {
      name: 'push',
      summary: 'have everything of this server sent anew, and what is gone taken out there',
      example: 'registry push',
      run: async (invocation) => {
        const answer = await (await invocation.api()).send('POST', '/admin/registry/push');
        if (invocation.common.json) return invocation.show(answer);
        invocation.terminal.out(
          'Everything is sent anew, within seconds or when the registry answers again. `centralita registry show` says how it goes.\n',
        );
      },
    },
  ],
};
