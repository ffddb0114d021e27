import type { Bridge, Channel } from 'asterisk-ari-client/generated/models.ts';
import { expect, it } from 'vitest';
import { ringsTooLong } from './orphans.ts';
import { findSurvivors } from './survivors.ts';

const channel = (id: string, more: Partial<Channel> & { data?: string } = {}): Channel => ({
  id,
  protocol_id: '',
  name: `PJSIP/trunk-${id}`,
  state: 'Up',
  caller: { name: '', number: '' },
  connected: { name: '', number: '' },
  accountcode: '',
  dialplan: { context: 'inbound', exten: '100', priority: 1, app_name: 'Stasis', app_data: more.data ?? 'centralita,inbound,100' },
  creationtime: '2026-11-21T10:00:00.000+0000',
  language: 'es',
  ...more,
});
const bridge = (id: string, ...channels: string[]): Bridge => ({
  id,
  technology: 'softmix',
  bridge_type: 'mixing',
  bridge_class: 'stasis',
  creator: 'Stasis',
  name: 'centralita',
  channels,
  creationtime: '2026-11-21T10:00:00.000+0000',
});
const other = (id: string, more: Partial<Channel> = {}) => channel(id, { data: 'centralita,transfer', ...more });

it('callers are told from media and from people who are rung, each with his bridge', () => {
  const channels = [
    channel('1'),
    channel('2', { state: 'Ring' }),
    channel('3'),
    other('1-media', { name: 'WebSocket/INCOMING/0x7f' }),
    other('3-transfer-0'),
    other('1-transfer-0', { state: 'Ringing' }),
  ];
  const bridges = [bridge('1-bridge', '1', '1-media'), bridge('3-bridge', '3', '3-transfer-0')];
  expect(findSurvivors({ channels, bridges })).toMatchObject([
    { channel: { id: '1' }, dialledNumber: '100', bridgeId: '1-bridge', representativeId: null },
    { channel: { id: '2' }, bridgeId: null, representativeId: null },
    { channel: { id: '3' }, bridgeId: '3-bridge', representativeId: '3-transfer-0' },
  ]);
});

it('a caller who rings for more than a minute is in nobody’s hands', () => {
  const at = (seconds: number) => Date.parse('2026-11-21T10:00:00Z') + seconds * 1_000;
  expect(ringsTooLong(channel('1', { state: 'Ring' }), at(59))).toBe(false);
  expect(ringsTooLong(channel('1', { state: 'Ring' }), at(61))).toBe(true);
  expect(ringsTooLong(channel('1'), at(61))).toBe(false);
  expect(ringsTooLong(undefined, at(61))).toBe(false);
});
