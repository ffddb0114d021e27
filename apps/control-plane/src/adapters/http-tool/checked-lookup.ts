// Resolves a host at the moment of the connection and judges what it gets, so that a name cannot change its mind between check and use.
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** Finds all addresses of a host. With callbacks, as sockets want it. */
export type Resolve = (hostname: string, found: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void) => void;

/** The machine's own resolver. */
export const systemResolve: Resolve = (hostname, found) => lookup(hostname, { all: true }, found);

/** The host has an address that a request may not go to. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
}

/**
 * A `lookup` for sockets: they connect to the very addresses that were judged. One blocked address blocks the host, because a socket
 * that tries several would come to it.
 */
export function createCheckedLookup({ resolve, isPublic }: { resolve: Resolve; isPublic: (address: string) => boolean }): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error !== null) callback(error, '', 0);
      else if (first === undefined || addresses.some(({ address }) => !isPublic(address))) {
        callback(new BlockedAddressError('the host has an address that is not of the public internet'), '', 0);
      } else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}
