// centralita telephony: whether Asterisk has what the database says.
import { z } from 'zod';
import type { Answer } from './api-client.ts';
import type { CommandGroup } from './command-group.ts';
import type { Invocation } from './invocation.ts';
import type { Column } from './table.ts';
import { renderFields, renderTable } from './table.ts';

const columns: readonly Column[] = [
  ['KIND', 'kind'],
  ['NAME', 'name'],
  ['STATE', 'state'],
  ['REASON', 'reason'],
];
const rows = z.array(z.record(z.string(), z.unknown())).default([]);
const reconciliationSchema = z.looseObject({ pushed: rows, removed: rows, failed: rows });
const statusSchema = z.object({ reconciliation: reconciliationSchema.nullable(), outOfStep: rows });

export const telephonyCommands: CommandGroup = {
  name: 'telephony',
  summary: 'whether Asterisk has what the database says',
  commands: [
    {
      name: 'status',
      summary: 'when phones and trunks were last compared with Asterisk, and what it lacks',
      example: 'telephony status',
      run: async (invocation) => {
        const answer = await (await invocation.api()).get('/admin/telephony');
        const status = statusSchema.safeParse(answer.body);
        if (invocation.common.json || !status.success) return invocation.show(answer);
        const { reconciliation, outOfStep } = status.data;
        const text = reconciliation ? describe(reconciliation) : 'Asterisk was not compared with the database yet.\n';
        invocation.terminal.out(text + (outOfStep.length === 0 ? 'Asterisk has everything.\n' : renderTable(columns, outOfStep)));
      },
    },
    {
      name: 'reconcile',
      summary: 'compare now and push what differs',
      example: 'telephony reconcile',
      run: async (invocation) => {
        const answer = await (await invocation.api()).send('POST', '/admin/telephony/reconcile');
        printReconciliation(invocation, answer);
      },
    },
  ],
};

function printReconciliation(invocation: Invocation, answer: Answer): void {
  const reconciliation = reconciliationSchema.safeParse(answer.body);
  if (invocation.common.json || !reconciliation.success) return invocation.show(answer);
  const { failed } = reconciliation.data;
  const failures = failed.map((row) => ({ ...row, state: 'failed' }));
  invocation.terminal.out(describe(reconciliation.data) + (failed.length === 0 ? '' : renderTable(columns, failures)));
}

function describe({ pushed, removed, failed, ...rest }: z.infer<typeof reconciliationSchema>): string {
  return renderFields({ ...rest, pushed: pushed.length, removed: removed.length, failed: failed.length });
}
