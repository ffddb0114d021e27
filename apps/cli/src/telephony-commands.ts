// centralita telephony: whether Asterisk has what the database says.
import type { CommandGroup } from './command-group.ts';

export const telephonyCommands: CommandGroup = {
  name: 'telephony',
  summary: 'whether Asterisk has what the database says',
  commands: [
    {
      name: 'status',
      summary: 'when phones and trunks were last compared with Asterisk, and what failed',
      example: 'telephony status',
      run: async (invocation) => invocation.show(await (await invocation.api()).get('/admin/telephony')),
    },
    {
      name: 'reconcile',
      summary: 'compare now and push what differs',
      example: 'telephony reconcile',
      run: async (invocation) => invocation.show(await (await invocation.api()).send('POST', '/admin/telephony/reconcile')),
    },
  ],
};
