/** Asks whether the Debian mirror answers before anything is changed: a root that is half fetched helps nobody. */
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findDebianMirror } from '#apt-source.ts';

/** A mirror that needs longer than this for a few bytes cannot bring 800 MB. */
const LIMIT_MS = 10_000;

/** What is wrong with the mirror, in words; null when it has what is needed. */
export async function findMirrorFault(suite: string, signal: AbortSignal): Promise<string | null> {
  const mirror = await findDebianMirror().catch((error: Error) => error);
  if (mirror instanceof Error) return mirror.message;
  const address = `${mirror.uri}/dists/${suite}/InRelease`;
  if (address.startsWith('file:') || address.startsWith('copy:')) return await findFileFault(address);
  // Through a proxy only the programs that fetch know the way.
  if (['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => (process.env[name] ?? '') !== '')) return null;
  try {
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) });
    return response.ok ? null : `${address} answers ${response.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `${address}: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`;
  }
}

async function findFileFault(address: string): Promise<string | null> {
  const path = fileURLToPath(address.replace(/^copy:/, 'file:'));
  return await access(path).then(
    () => null,
    () => `${path} is not there`,
  );
}
