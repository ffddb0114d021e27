// Which addresses a request for somebody else may go to: those of the public internet, and no other.
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Network } from '#shared/network.ts';

/** IPv4 that is not the public internet's: IANA's special-purpose registry, multicast and reserved. */
const SPECIAL_IPV4: readonly Network[] = (
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4'
).split(' ');
/** The only IPv6 that is handed out; loopback, private, link-local, multicast, mapped and translated IPv4 lie outside of it. */
const GLOBAL_IPV6: readonly Network[] = ['2000::/3'];
/** Inside it: protocols such as Teredo, documentation, 6to4 (IPv4 in disguise). */
const SPECIAL_IPV6: readonly Network[] = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

/** Judges addresses. `allowed` are networks that are let through whatever they are: only the appliance's configuration names them. */
export function createAddressCheck(allowed: readonly Network[]): (address: string) => boolean {
  const [allowList, globalIpv6] = [listOf(allowed), listOf(GLOBAL_IPV6)];
  const special = listOf([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
  return (address) => {
    const version = isIP(address);
    if (version === 0) return false;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (allowList.check(address, family)) return true;
    if (special.check(address, family) || isOwn(address)) return false;
    return version === 4 || globalIpv6.check(address, 'ipv6');
  };
}

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Our own public addresses lead to this machine's ports as loopback does. Asked each time: addresses come and go. */
function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some((held) => held?.some((one) => one.address === address) === true);
}
