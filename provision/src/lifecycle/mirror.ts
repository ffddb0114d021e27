/** Asks whether the Debian mirror answers before anything is changed: a root that is half fetched helps nobody. */
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findDebianMirror } from '#apt-source.ts';

/** A mirror that needs longer than this for a few bytes cannot bring 800 MB. */
const LIMIT_MS = 10_000;

export type MirrorAnswer = {
  /** What is wrong with it, in words; null when it has what is needed. */
  readonly fault: string | null;
  /** How far this machine's clock is ahead of the mirror's, to the second; null where it does not say. */
  readonly clockOffsetMs: number | null;
};

const ITS_OWN = { clockOffsetMs: null };

/** Asks for the index of the suite. */
export async function askMirror(suite: string, signal: AbortSignal): Promise<MirrorAnswer> {
  const mirror = await findDebianMirror().catch((error: Error) => error);
  if (mirror instanceof Error) return { fault: mirror.message, ...ITS_OWN };
  const address = `${mirror.uri}/dists/${suite}/InRelease`;
  if (address.startsWith('file:') || address.startsWith('copy:')) return { fault: await findFileFault(address), ...ITS_OWN };
  // Through a proxy only the programs that fetch know the way.
  if (['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => (process.env[name] ?? '') !== ''))
    return { fault: null, ...ITS_OWN };
  try {
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) });
    const clockOffsetMs = readClockOffset(response.headers, Date.now());
    return { fault: response.ok ? null : `${address} answers ${response.status}`, clockOffsetMs };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { fault: `${address}: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`, ...ITS_OWN };
  }
}

/** From the answer's `Date`, and its `Age` where a cache between gave it. Null where it has none. */
export function readClockOffset(headers: Headers, nowMs: number): number | null {
  const sentAtMs = Date.parse(headers.get('date') ?? '');
  const ageMs = Number(headers.get('age') ?? 0) * 1000;
  return Number.isNaN(sentAtMs) || Number.isNaN(ageMs) ? null : nowMs - sentAtMs - ageMs;
}

async function findFileFault(address: string): Promise<string | null> {
  const path = fileURLToPath(address.replace(/^copy:/, 'file:'));
  return await access(path).then(
    () => null,
    () => `${path} is not there`,
  );
}
