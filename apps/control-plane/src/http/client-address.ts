// From where a request comes: the socket's other end, or what a proxy that we were told to believe says of it.
import { isIP } from 'node:net';
import type { Context } from 'hono';

/** Where requests come from that reached the application without a socket, as in tests. It may be named as a trusted proxy too. */
export const NO_SOCKET_ADDRESS = 'local';

/** The client's address: right-most of the chain of proxies that is not one of ours. Left of it anybody can have written anything. */
export function clientAddress(context: Context, trustedProxies: ReadonlySet<string>): string {
  const socketAddress = normalAddress(remoteAddressOf(context.env) ?? NO_SOCKET_ADDRESS);
  if (!trustedProxies.has(socketAddress)) return socketAddress;
  const forwarded = (context.req.header('x-forwarded-for') ?? '').split(',').map((part) => normalAddress(withoutPort(part.trim())));
  const untrusted = forwarded.findLast((address) => !trustedProxies.has(address));
  // A proxy of ours that says nothing useful is the best that is known.
  return untrusted !== undefined && isIP(untrusted) !== 0 ? untrusted : socketAddress;
}

/** Addresses in the form in which `clientAddress` compares them. */
export function addressSet(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(addresses.map(normalAddress));
}

/**
 * What stands for an address where attempts are counted: an IPv6 client owns at least a /64 and could take a new address for each
 * attempt (RFC 6177), so the first four groups count.
 */
export function addressBlock(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const full = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ? tail.split(':') : [])];
  return `${full
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** Lower case, without the IPv4-mapped prefix and the zone of a link-local address. */
function normalAddress(address: string): string {
  const [bare = ''] = address.toLowerCase().split('%');
  return bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
}

/** Some proxies add the port: a client that takes another port is no other client. */
function withoutPort(text: string): string {
  const [, bracketed, plain] = /^(?:\[(.+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  return bracketed ?? plain ?? text;
}

/** `getConnInfo` of the server's library throws without a socket; this is the same field. */
function remoteAddressOf(bindings: unknown): string | undefined {
  const incoming = (bindings as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming;
  return incoming?.socket?.remoteAddress;
}
