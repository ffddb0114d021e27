import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { expect, test } from 'vitest';
import { openChannelEvents } from './channel-events.ts';

const about = (type: string, fields: object): AriEvent => ({ type, ...fields }) as AriEvent;

test('an event reaches the owner of its channel only, a dial the owner of the channel that rings, and nobody after the owner left', () => {
  const channels = openChannelEvents();
  const heard: string[] = [];
  const first = channels.watch('1', (event) => heard.push(`1 ${event.type}`));
  using _second = channels.watch('2', (event) => heard.push(`2 ${event.type}`));
  expect(channels.dispatch(about('StasisEnd', { channel: { id: '1' } }))).toBe(true);
  expect(channels.dispatch(about('Dial', { caller: { id: '1' }, peer: { id: '2' } }))).toBe(true);
  expect(channels.dispatch(about('ChannelVarset', {}))).toBe(false);
  expect(channels.dispatch(about('BridgeCreated', { bridge: { id: '1' } }))).toBe(false);
  first[Symbol.dispose]();
  expect(channels.dispatch(about('StasisEnd', { channel: { id: '1' } }))).toBe(false);
  expect(heard).toEqual(['1 StasisEnd', '2 Dial']);
});

test('a channel has one owner', () => {
  const channels = openChannelEvents();
  using _owner = channels.watch('1', () => undefined);
  expect(() => channels.watch('1', () => undefined)).toThrow('has an owner already');
});

test('a channel counts as seen from its first event on, and only its owner is told that it is lost', () => {
  const channels = openChannelEvents();
  const lost: string[] = [];
  using _first = channels.watch(
    '1',
    () => undefined,
    () => lost.push('1'),
  );
  using _second = channels.watch(
    '2',
    () => undefined,
    () => lost.push('2'),
  );
  expect(channels.seenIds()).toEqual([]);
  channels.dispatch(about('StasisStart', { channel: { id: '2' } }));
  expect(channels.seenIds()).toEqual(['2']);
  channels.lose('2');
  channels.lose('3');
  expect(lost).toEqual(['2']);
});
