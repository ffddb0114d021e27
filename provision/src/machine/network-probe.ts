/**
 * Where the machine stands in the network. Nobody outside is asked: an address that an outside service would name leaves the building with the
 * question. So a public address is known when an interface has one or the operator says it (EXTERNAL_ADDRESS), and unknown otherwise.
 */
import { BlockList, isIP } from 'node:net';
import type { Hardware, Known } from './hardware.ts';
import { readMachineFile } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';

/** Networks whose addresses nobody outside can reach: RFC 1918, 6598 (carriers' NAT), 3927, 4193, 4291; 5737, 2544 and 3849 are for documents and tests. */
const PRIVATE_NETWORKS: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
];

/** Whether an address can be reached from its own network alone. */
export function isPrivateAddress(address: string): boolean {
  const networks = new BlockList();
  for (const network of PRIVATE_NETWORKS) networks.addSubnet(...network);
  return networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** What the interfaces, the routes and the operator say. `externalAddress` is EXTERNAL_ADDRESS, empty when it is not set. */
export async function probeNetwork(source: MachineSource, externalAddress: string): Promise<Hardware['network']> {
  const { addresses } = source;
  const hasWayOut = findDefaultInterface(await readMachineFile(source, 'proc/net/route')) !== null;
  const own = addresses.find((address) => isIP(address) === 4 && !isPrivateAddress(address));
  return {
    addresses,
    publicAddress: publicAddress(externalAddress, own),
    isBehindNat: behindNat({ externalAddress, own, addresses, hasWayOut }),
  };
}

function publicAddress(external: string, own: string | undefined): Known<string> {
  const value = external || own;
  if (value) return { kind: 'known', value };
  return {
    kind: 'unknown',
    reason: 'no interface has a public address, and nobody outside is asked for it',
    fix: 'if a carrier or telephones come in from outside, set EXTERNAL_ADDRESS and LOCAL_NETWORKS in .env',
  };
}

function behindNat(found: {
  readonly externalAddress: string;
  readonly own: string | undefined;
  readonly addresses: readonly string[];
  readonly hasWayOut: boolean;
}): Known<boolean> {
  if (found.externalAddress !== '') return { kind: 'known', value: !found.addresses.includes(found.externalAddress) };
  if (found.own !== undefined) return { kind: 'known', value: false };
  if (found.hasWayOut) return { kind: 'known', value: true };
  return { kind: 'unknown', reason: 'there is no default route, so there may be no way out at all', fix: null };
}

/** The interface of the IPv4 default route in `/proc/net/route`, or null. */
export function findDefaultInterface(routes: string): string | null {
  for (const line of routes.split('\n').slice(1)) {
    const [name, destination, , flags] = line.trim().split(/\s+/);
    // Flag 1: the route is up.
    if (name !== undefined && destination === '00000000' && (Number.parseInt(flags ?? '0', 16) & 1) === 1) return name;
  }
  return null;
}
