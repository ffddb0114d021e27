import { expect, it } from 'vitest';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import { logCallEnds } from './call-end-line.ts';
import { callId, ended, note, scope } from '#features/calls/testing/failing-database.ts';

it('says of a call that ended how and why, and nothing of what happens before', () => {
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, info: (fields) => void lines.push(fields) };
  const hear = logCallEnds(log);
  hear(note(1));
  hear({ ...ended(), durationMs: 1_234.6 } as ReturnType<typeof ended>);
  expect(lines).toEqual([{ callId, organizationId: scope.organizationId, outcome: 'completed', reason: 'goodbye', durationMs: 1_235 }]);
});
