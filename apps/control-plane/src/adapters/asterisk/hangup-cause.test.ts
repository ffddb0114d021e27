import { expect, test } from 'vitest';
import { legEnd, rejectCause, unansweredOutcome } from './hangup-cause.ts';

test('a BYE, a CANCEL and a cause of the network are the caller’s end; a soft end is the system’s, in words', () => {
  expect(legEnd({})).toEqual({ by: 'caller', cause: 'Q.850 16' });
  expect(legEnd({ cause: 127 })).toEqual({ by: 'caller', cause: 'Q.850 127' });
  expect(legEnd({ soft: true, cause: 32 })).toEqual({ by: 'system', cause: 'hung up by an operator' });
  expect(legEnd({ soft: true, cause: 8 })).toEqual({ by: 'system', cause: 'the time limit of the dialplan' });
  expect(legEnd({ soft: true, cause: 1_024 })).toEqual({ by: 'system', cause: 'AST_SOFTHANGUP 1024' });
  expect(legEnd(null)).toEqual({ by: 'system', cause: 'taken by the dialplan' });
});

test('each refusal has its own cause', () => {
  expect([rejectCause('unknown_number'), rejectCause('at_capacity'), rejectCause('not_ready')]).toEqual([1, 17, 34]);
});

test('busy, unanswered and declined telephones are told apart from failures', () => {
  expect(unansweredOutcome(17)).toEqual({ kind: 'busy' });
  expect([18, 19].map((cause) => unansweredOutcome(cause).kind)).toEqual(['no_answer', 'no_answer']);
  expect(unansweredOutcome(21)).toEqual({ kind: 'declined', by: 'refused' });
  expect(unansweredOutcome(34)).toEqual({ kind: 'failed', cause: 'Q.850 34' });
});
