import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { expect, test } from 'vitest';
import { brokenPart } from './ari-event.ts';

const channel = { id: '1795320972.6', state: 'Ring', caller: { name: '', number: '2001' }, dialplan: { exten: '4001' } };
const start = { type: 'StasisStart', args: ['inbound', '4001'], channel };
/** The first broken part of an event of our application, made of `fields`. */
const broken = (fields: object): string | null => brokenPart({ application: 'ours', timestamp: '', ...fields } as AriEvent, 'ours');

test('an event that is as Asterisk sends it is sound, whatever else is in it', () => {
  expect(broken({ ...start, asterisk_id: 7 })).toBeNull();
  expect(broken({ type: 'StasisEnd', channel: { id: '1-media', channelvars: { RTPAUDIOQOS: '' } } })).toBeNull();
  expect(broken({ type: 'ChannelHangupRequest', channel: { id: '1' } })).toBeNull();
  expect(broken({ type: 'Dial', dialstatus: '', peer: { id: '1-transfer-0' } })).toBeNull();
});

test.each([{}, '', null, ['x'], 'a/b', '..\\x', 'two words', 'A'.repeat(150)])('a channel with the id %j is no channel', (id) => {
  expect(broken({ ...start, channel: { ...channel, id } })).toBe('channel.id');
  expect(broken({ type: 'ChannelDestroyed', cause: 16, cause_txt: '', channel: { id } })).toBe('channel.id');
  expect(broken({ type: 'Dial', dialstatus: 'ANSWER', peer: { id } })).toBe('peer.id');
});

test('a call without a number, an argument or a place in the dialplan is no call', () => {
  expect(broken({ ...start, args: ['inbound', null] })).toBe('args.1');
  expect(broken({ ...start, channel: { ...channel, caller: [] } })).toBe('channel.caller');
  expect(broken({ ...start, channel: { ...channel, dialplan: undefined } })).toBe('channel.dialplan');
  expect(broken({ ...start, channel: {} })).toBe('channel.id');
});

test('a key that no telephone has, and a cause that is no number, are none', () => {
  expect(broken({ type: 'ChannelDtmfReceived', digit: 'é', duration_ms: 1, channel })).toBe('digit');
  expect(broken({ type: 'ChannelHangupRequest', cause: 'busy', channel })).toBe('cause');
});

test("an event for another application is none of ours, and one that nobody uses is nobody's concern", () => {
  expect(broken({ ...start, application: 'nobody' })).toBe('application');
  expect(broken({ type: 'ChannelVarset', variable: '', value: '', channel: null })).toBeNull();
});
