/** The ends of the containers' logs as one text, for whoever gathers what helps to find a fault. */
import type { Place } from '#place.ts';
import { runCompose } from './compose.ts';
import { findInstalled } from './container-place.ts';

const LINES_OF_EACH = 2_000;
const TIMEOUT_MS = 60_000;

/** Of every container, with its name before each line. Throws where none was ever brought up. */
export async function readContainerLogs(place: Place, signal: AbortSignal): Promise<string> {
  const compose = await findInstalled(place, signal);
  return await runCompose(compose, ['logs', '--no-color', '--tail', String(LINES_OF_EACH)], { signal, timeoutMs: TIMEOUT_MS });
}
