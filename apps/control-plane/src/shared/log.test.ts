import { expect, it } from 'vitest';
import { openLog } from './log.ts';

function logged(fields: object): { text: string; line: Record<string, unknown> } {
  let text = '';
  const log = openLog({ level: 'info', service: 'test', destination: { write: (line: string) => void (text += line) } });
  log.child({ callId: 'call_1' }).error(fields, 'it broke');
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

it.each(['err', 'error'])('an error under %s is told with its causes, and without the values of the query that failed', (key) => {
  const query = Object.assign(new Error('Failed query: select $1\nparams: +34600000000'), { params: ['+34600000000'] });
  const { text, line } = logged({ [key]: new Error('routing failed', { cause: query }) });
  expect(line[key]).toMatchObject({ causes: [{ message: 'routing failed' }, { message: 'Failed query: select $1' }] });
  expect(text).not.toContain('600000000');
});

it('a text under error stays a text', () => {
  expect(logged({ error: 'refused' }).line).toMatchObject({ error: 'refused', callId: 'call_1', msg: 'it broke' });
});

it('passwords and tokens are hidden', () => {
  expect(logged({ asterisk: { password: 'hunter2' } }).text).not.toContain('hunter2');
});
