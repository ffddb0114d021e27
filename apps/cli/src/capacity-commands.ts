// centralita capacity: how full the server is, and what keeps the next call out.
import { z } from 'zod';
import type { CommandGroup } from './command-group.ts';
import type { Column } from './table.ts';
import { renderFields, renderTable } from './table.ts';

const serviceColumns: readonly Column[] = [
  ['SERVICE', 'service'],
  ['CORES', 'cpuCores'],
  ['MEMORY', 'memoryBytes'],
  ['QUEUE', 'queueDepth'],
  ['BUSY', 'busy'],
  ['SLOTS', 'slots'],
  ['MEAN MS', 'latencyMeanMs'],
  ['P95 MS', 'latencyP95Ms'],
];
const costColumns: readonly Column[] = [
  ['RESOURCE', 'resource'],
  ['PER CALL', 'perCall'],
  ['LIMIT', 'limit'],
  ['CALLS', 'calls'],
];
const rows = z.array(z.record(z.string(), z.unknown()));
const capacitySchema = z.looseObject({ services: rows, costs: rows });

export const capacityCommands: CommandGroup = {
  name: 'capacity',
  summary: 'how full the server is',
  commands: [
    {
      name: 'show',
      summary: 'calls against the maximum, what limits them, and how long each service takes',
      example: 'capacity show',
      run: async (invocation) => {
        const answer = await (await invocation.api()).get('/admin/capacity');
        const capacity = capacitySchema.safeParse(answer.body);
        if (invocation.common.json || !capacity.success) return invocation.show(answer);
        const { services, costs, ...rest } = capacity.data;
        const tables = [
          renderTable(serviceColumns, services.map(rounded)),
          costs.length === 0 ? '' : renderTable(costColumns, costs.map(rounded)),
        ];
        invocation.terminal.out([renderFields(rest), ...tables].join('\n'));
      },
    },
  ],
};

/** Three digits are as much as these figures are worth. */
function rounded(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? Number(value.toPrecision(3)) : value]),
  );
}
