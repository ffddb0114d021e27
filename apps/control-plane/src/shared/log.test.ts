import { expect, it } from 'vitest';
import { openLog } from './log.ts';
import type { LogOptions } from './log.ts';

function logged(fields: object, options: Partial<LogOptions> = {}): { text: string; line: Record<string, unknown> } {
  let text = '';
  const log = openLog({ level: 'info', service: 'test', destination: { write: (line: string) => void (text += line) }, ...options });
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

it('personal data is hidden, under pii and where it should never have been', () => {
  const fields = { pii: { dialledNumber: '+34600000000' }, callerNumber: '+34600000001', turns: 3 };
  expect(logged(fields).line).toMatchObject({ pii: '[hidden]', callerNumber: '[hidden]', turns: 3 });
});

it('personal data is written where the operator asked for it', () => {
  const { line } = logged({ pii: { dialledNumber: '+34600000000' } }, { showsPersonalData: true });
  expect(line).toMatchObject({ pii: { dialledNumber: '+34600000000' } });
});

it('lines beyond the limit are counted, and a later line says how many', () => {
  let lines = 0;
  const log = openLog({ level: 'info', service: 'test', destination: { write: () => void (lines += 1) } });
  for (let index = 0; index < 1_200; index += 1) log.child({ callId: 'call_1' }).info({ index }, 'again');
  expect(lines).toBe(1_000);
  expect(log.droppedLines()).toBe(200);
});

it('a server that has a name says it in each line', () => {
  expect(logged({}, { serverId: 'madrid-1' }).line).toMatchObject({ service: 'test', serverId: 'madrid-1' });
});
