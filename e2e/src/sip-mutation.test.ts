import { expect, it } from 'vitest';
import { parseSip } from '@centralita/sip-caller/sip-message.ts';
import { mutatedSip } from './sip-mutation.ts';

const options = { seed: 7, count: 400, server: '127.0.0.1:5060', dialled: '7777', from: { host: '127.0.0.1', port: 40_000 } };

it('the same seed gives the same messages, another one others', () => {
  const messages = [...mutatedSip(options)].map((bytes) => bytes.toString('latin1'));
  expect([...mutatedSip(options)].map((bytes) => bytes.toString('latin1'))).toEqual(messages);
  expect([...mutatedSip({ ...options, seed: 8 })].map((bytes) => bytes.toString('latin1'))).not.toEqual(messages);
  expect(new Set(messages).size).toBe(400);
});

it('some are still SIP and some are not', () => {
  const readable = [...mutatedSip(options)].filter((bytes) => parseSip(bytes) !== null).length;
  expect(readable).toBeGreaterThan(50);
  expect(readable).toBeLessThan(350);
});
