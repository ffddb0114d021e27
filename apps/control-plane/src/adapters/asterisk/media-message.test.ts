import { expect, test } from 'vitest';
import { parseMediaMessage } from './media-message.ts';

test('the messages of Asterisk 22.10 are read', () => {
  const status = '{"event":"STATUS","channel_id":"1.2","queue_length":250,"xon_level":800,"xoff_level":900,"queue_full":false}';
  expect(parseMediaMessage(status)).toEqual({ event: 'STATUS', queue_length: 250 });
  const mark = '{"event":"MEDIA_MARK_PROCESSED","channel_id":"1.2","correlation_id":"m1"}';
  expect(parseMediaMessage(mark)).toEqual({ event: 'MEDIA_MARK_PROCESSED', correlation_id: 'm1' });
});

test('anything else is null, whatever it is', () => {
  for (const text of ['', '{', 'null', '[]', '"STATUS"', '{"event":"STATUS"}', '{"event":"NEW"}', 'DTMF_END digit:5']) {
    expect(parseMediaMessage(text)).toBeNull();
  }
});

test('a queue that no queue can be is no message', () => {
  for (const length of ['-1', '0.5', '1e300', '"7"', 'null'])
    expect(parseMediaMessage(`{"event":"STATUS","queue_length":${length}}`)).toBeNull();
});
