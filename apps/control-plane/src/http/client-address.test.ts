import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { addressBlock, addressSet, clientAddress } from './client-address.ts';

async function seenFrom(request: { remoteAddress?: string; forwarded?: string; proxies?: string[] }): Promise<string> {
  const proxies = addressSet(request.proxies ?? []);
  const app = new Hono().get('/', (context) => context.text(clientAddress(context, proxies)));
  const bindings = request.remoteAddress === undefined ? {} : { incoming: { socket: { remoteAddress: request.remoteAddress } } };
  const headers = request.forwarded === undefined ? {} : { 'x-forwarded-for': request.forwarded };
  return (await app.request('/', { headers }, bindings)).text();
}

describe("a client's address", () => {
  it('is the other end of the socket', async () => {
    expect(await seenFrom({ remoteAddress: '192.0.2.7' })).toBe('192.0.2.7');
    expect(await seenFrom({ remoteAddress: '::ffff:192.0.2.7' })).toBe('192.0.2.7');
    expect(await seenFrom({ remoteAddress: 'FE80::1%eth0' })).toBe('fe80::1');
  });

  it('has a word of its own where there is no socket', async () => {
    expect(await seenFrom({})).toBe('local');
  });

  it('is not what a stranger writes into X-Forwarded-For', async () => {
    expect(await seenFrom({ remoteAddress: '192.0.2.7', forwarded: '203.0.113.9' })).toBe('192.0.2.7');
    expect(await seenFrom({ remoteAddress: '192.0.2.7', forwarded: '203.0.113.9', proxies: ['192.0.2.8'] })).toBe('192.0.2.7');
  });

  it('is the right-most address before our proxies', async () => {
    const proxies = ['10.0.0.1', '10.0.0.2'];
    const behind = (forwarded: string) => seenFrom({ remoteAddress: '::ffff:10.0.0.1', forwarded, proxies });
    expect(await behind('203.0.113.9')).toBe('203.0.113.9');
    expect(await behind('198.51.100.1, 203.0.113.9')).toBe('203.0.113.9');
    expect(await behind('198.51.100.1, 203.0.113.9, 10.0.0.2')).toBe('203.0.113.9');
    expect(await behind('::FFFF:203.0.113.9')).toBe('203.0.113.9');
  });

  it('is the same from whichever port, where a proxy adds the port', async () => {
    const behind = (forwarded: string) => seenFrom({ remoteAddress: '10.0.0.1', forwarded, proxies: ['10.0.0.1'] });
    expect(await behind('203.0.113.9:50001')).toBe('203.0.113.9');
    expect(await behind('[2001:DB8::9]:50001')).toBe('2001:db8::9');
    expect(await behind('[2001:db8::9]')).toBe('2001:db8::9');
    expect(await behind('203.0.113.9, 10.0.0.1:443')).toBe('203.0.113.9');
    expect(await behind('1.2.3:4::5')).toBe('10.0.0.1');
  });

  it('is the proxy itself when the proxy says nothing that is an address', async () => {
    const behind = (forwarded?: string) =>
      seenFrom({ remoteAddress: '10.0.0.1', proxies: ['10.0.0.1'], ...(forwarded === undefined ? {} : { forwarded }) });
    expect(await behind()).toBe('10.0.0.1');
    expect(await behind('unknown')).toBe('10.0.0.1');
    expect(await behind(`1${'0'.repeat(200)}`)).toBe('10.0.0.1');
    expect(await behind('10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('the block that an address counts for', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['local', 'local'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts for %s', (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });
});
