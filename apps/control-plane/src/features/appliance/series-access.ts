// Who asks from outside: a proxy passed it on, for an address that is none of ours. The series name the organizations that telephone now, and reasons name
// what is inside, which is nobody else's business.
import { BlockList, isIP } from 'node:net';
import type { Context } from 'hono';
import { notFound } from '#http/problem.ts';

/** RFC 1918, 4193, 3927 and loopback. */
const inside = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  inside.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  inside.addSubnet(network, prefix, 'ipv6');

/**
 * Whether a proxy passed the request on from outside. Only the right-most address of the chain was written by a proxy of ours; whoever comes to the port
 * itself was let in by whoever opened it.
 */
export function isFromOutside({ req }: Context): boolean {
  const chain = req.header('x-forwarded-for');
  if (chain === undefined && req.header('forwarded') === undefined) return false;
  const nearest = chain?.split(',').at(-1)?.trim() ?? '';
  const family = isIP(nearest);
  return family === 0 || !inside.check(nearest, family === 6 ? 'ipv6' : 'ipv4');
}

/** Throws a 404 for such a request. */
export function refuseFromOutside(context: Context): void {
  if (isFromOutside(context)) throw notFound('page for who asks from outside');
}
