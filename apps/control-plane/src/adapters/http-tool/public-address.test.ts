import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createAddressCheck } from './public-address.ts';

const isPublic = createAddressCheck([]);

describe('an address that a tool may reach', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  it.each([
    ...'127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.127.255.255'.split(' '),
    ...'224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9'.split(' '),
    ...':: ::1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::1'.split(
      ' ',
    ),
    ...'2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 100::1 4000::1'.split(' '),
    ...'localhost 127.1 fe80::1%eth0 0x7f000001'.split(' '),
  ])('%s is not', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it('is none of this machine, public or not', () => {
    const own = Object.values(networkInterfaces()).flatMap((held) => held?.map(({ address }) => address) ?? []);
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((address) => isPublic(address))).toEqual([]);
  });

  it('may be let through by the configuration, and only the networks that it names', () => {
    const withLab = createAddressCheck(['127.0.0.0/8', 'fd00::/8']);
    expect(['127.0.0.1', 'fd00::1', '10.0.0.1', '::1'].map(withLab)).toEqual([true, true, false, false]);
  });
});
