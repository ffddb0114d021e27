/** How long the disk takes to make one small write lasting: PostgreSQL waits for it at every commit of a call's turn. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A page of PostgreSQL's log. */
const WRITE_BYTES = 8_192;
const WRITES = 50;
/** With fewer a 95th percentile means nothing. */
const WRITES_AT_LEAST = 10;
/** The probe has five seconds; a disk this slow is known by then. */
const LONGEST_MS = 3_000;
/** The kernel's own number, which Node does not list: a file without a name, so that nothing is seen in the folder and nothing is left behind. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;

/** Milliseconds of each write and fdatasync. Throws where the folder cannot be written to, or the disk is too slow for a figure. */
export async function measureFsync(folder: string, deadline: AbortSignal): Promise<readonly number[]> {
  await using file = await open(folder, O_TMPFILE | constants.O_WRONLY, 0o600);
  const page = Buffer.alloc(WRITE_BYTES, 1);
  const times: number[] = [];
  const startedAtMs = performance.now();
  while (times.length < WRITES && !deadline.aborted) {
    const beforeMs = performance.now();
    if (beforeMs - startedAtMs > LONGEST_MS) break;
    await file.write(page, 0, page.length, times.length * WRITE_BYTES);
    await file.datasync();
    times.push(performance.now() - beforeMs);
  }
  if (times.length < WRITES_AT_LEAST) throw new Error(`only ${times.length} writes reached the disk in ${LONGEST_MS} ms`);
  return times;
}
