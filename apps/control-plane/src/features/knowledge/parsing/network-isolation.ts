// A process that reads documents needs no network: where the kernel lets anybody make namespaces, it gets one of its own with nothing in it.
import { spawn } from 'node:child_process';

/** What goes before a command so that it has no network; empty where this machine does not permit it. */
export type NetworkIsolation = readonly string[];

/**
 * In a user namespace that maps nobody: making it needs no right, and the command that is started in it has none. util-linux is on every Debian.
 */
const UNSHARE: NetworkIsolation = ['/usr/bin/unshare', '--user', '--net', '--'];
/** It takes 5 ms. */
const PROBE_MS = 5_000;

/** Tries it out once. A container's profile, a kernel that keeps namespaces to root, or a machine without `unshare` forbid it: then the other limits stand alone. */
export async function findNetworkIsolation(command: NetworkIsolation = UNSHARE): Promise<NetworkIsolation> {
  const [program = '', ...rest] = command;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = spawn(program, [...rest, '/bin/true'], { stdio: 'ignore', timeout: PROBE_MS });
  probe.once('error', () => resolve(false)).once('close', (code) => resolve(code === 0));
  return (await promise) ? command : [];
}
