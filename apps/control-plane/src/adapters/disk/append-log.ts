// An append log in segments: text lines with a checksum each, so that a torn end costs its own record and a flipped bit one line.
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { AppendLog } from '#ports/append-log.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';

/** Limits of a log. */
export type AppendLogLimits = {
  /** Beyond this nothing is appended. */
  readonly maxBytes: number;
  /** A segment is deleted as a whole, once all its records are released: smaller ones go sooner, larger ones are fewer. */
  readonly segmentBytes: number;
};

export const defaultAppendLogLimits: AppendLogLimits = { maxBytes: 64 * 1_048_576, segmentBytes: 262_144 };

/** `<checksum, 8 hexadecimal digits> <record>`. */
const LINE = /^([0-9a-f]{8}) (.*)$/s;
const SEGMENT = /^\d{15}-\d{6}\.log$/;

type Segment = { readonly path: string; lastNumber: number; bytes: number };
type OpenSegment = { readonly handle: FileHandle; readonly segment: Segment };

/** A record as a line. */
export function lineOf(record: string): string {
  return `${crc32(record).toString(16).padStart(8, '0')} ${record}\n`;
}

/** The records of a segment's text; `damaged` counts the lines that are none, a torn last one among them. */
export function readLines(text: string): { readonly records: readonly string[]; readonly damaged: number } {
  const lines = text.split('\n');
  const last = lines.pop();
  const records = lines.flatMap((line) => {
    const [, sum, record] = LINE.exec(line) ?? [];
    return record !== undefined && Number.parseInt(sum ?? '', 16) === crc32(record) ? [record] : [];
  });
  return { records, damaged: lines.length - records.length + (last === '' ? 0 : 1) };
}

/** Opens the log in `folder`, which is made when it is not there: what is in it is of earlier processes. One process per folder. */
export async function openAppendLog(options: { folder: string; log: Log; limits?: AppendLogLimits }): Promise<AppendLog> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const writer = new SegmentedLog(options.folder, options.log, options.limits ?? defaultAppendLogLimits);
  await writer.readLeft();
  return writer;
}

class SegmentedLog implements AppendLog {
  readonly maxBytes: number;
  readonly #folder: string;
  readonly #log: Log;
  readonly #limits: AppendLogLimits;
  /** Part of the names of this process's segments: later than those before it, also when the clock was set back meanwhile. */
  #startedAt = Date.now();
  #left: readonly string[] = [];
  #segments: Segment[] = [];
  #file: OpenSegment | null = null;
  #opened = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lastNumber = 0;
  #released = 0;
  #isDurable = false;
  #isFailing = false;
  #writing: Promise<void> | null = null;

  constructor(folder: string, log: Log, limits: AppendLogLimits) {
    this.#folder = folder;
    this.#log = log;
    this.#limits = limits;
    this.maxBytes = limits.maxBytes;
  }

  async readLeft(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => SEGMENT.test(name)).sort();
    const left: string[] = [];
    this.#startedAt = Math.max(this.#startedAt, Number.parseInt(names.at(-1) ?? '0', 10) + 1);
    for (const name of names) {
      const path = join(this.#folder, name);
      const text = await readFile(path, 'utf8');
      const { records, damaged } = readLines(text);
      if (damaged > 0) this.#log.warn({ path, damaged, records: records.length }, 'records of the append log are damaged and left out');
      for (const record of records) left.push(record);
      this.#segments.push({ path, lastNumber: left.length, bytes: Buffer.byteLength(text) });
    }
    this.#left = left;
    this.#lastNumber = left.length;
    if (left.length === 0) this.release(0);
  }

  takeLeft(): readonly string[] {
    const left = this.#left;
    this.#left = [];
    return left;
  }

  append(record: string): number | null {
    const line = lineOf(record);
    if (this.#isFailing || this.bytes() + line.length > this.#limits.maxBytes) return null;
    this.#waiting.push(line);
    this.#waitingBytes += Buffer.byteLength(line);
    this.#lastNumber += 1;
    this.#writing ??= this.#writeAll();
    return this.#lastNumber;
  }

  release(upTo: number): void {
    this.#released = Math.max(this.#released, upTo);
    const done = this.#segments.filter((segment) => segment !== this.#file?.segment && segment.lastNumber <= this.#released);
    if (done.length === 0) return;
    this.#segments = this.#segments.filter((segment) => !done.includes(segment));
    for (const { path } of done)
      rm(path, { force: true }).catch((error: unknown) =>
        this.#log.warn(
          { path, error: loggableError(error) },
          'a segment of the append log cannot be deleted: its records are written again at the next start',
        ),
      );
  }

  setDurable(isDurable: boolean): void {
    if (isDurable && !this.#isDurable) void this.#file?.handle.datasync().catch((error: unknown) => this.#fail(error));
    this.#isDurable = isDurable;
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  records(): number {
    return this.#lastNumber - this.#released;
  }

  bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, this.#waitingBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    const file = this.#file;
    this.#file = null;
    await file?.handle.datasync().catch((error: unknown) => this.#fail(error));
    await file?.handle.close();
    this.release(this.#released);
  }

  /** One write at a time; what comes meanwhile is in the next one. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      const bytes = this.#waitingBytes;
      const lastNumber = this.#lastNumber;
      this.#waiting = [];
      try {
        const { handle, segment } = await this.#openSegment();
        segment.lastNumber = lastNumber;
        segment.bytes += bytes;
        this.#waitingBytes -= bytes;
        await handle.appendFile(lines.join(''));
        if (this.#isDurable) await handle.datasync();
        if (segment.bytes >= this.#limits.segmentBytes) await this.#closeSegment();
        this.#isFailing = false;
      } catch (error) {
        this.#fail(error);
        this.#waitingBytes = this.#waiting.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
      }
    }
    this.#writing = null;
  }

  async #openSegment(): Promise<OpenSegment> {
    if (this.#file !== null) return this.#file;
    const name = `${String(this.#startedAt).padStart(15, '0')}-${String(this.#opened).padStart(6, '0')}.log`;
    this.#opened += 1;
    const path = join(this.#folder, name);
    const handle = await open(path, 'a', 0o600);
    const segment = { path, lastNumber: this.#lastNumber, bytes: 0 };
    this.#segments.push(segment);
    this.#file = { handle, segment };
    return this.#file;
  }

  async #closeSegment(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.handle.close();
    this.release(this.#released);
  }

  /** The records of a failed write are in memory alone. The log is tried again with a new segment, a few seconds later. */
  #fail(error: unknown): void {
    if (!this.#isFailing)
      this.#log.error({ folder: this.#folder, error: loggableError(error) }, 'the append log cannot be written: is its disk full?');
    this.#isFailing = true;
    void this.#closeSegment().catch(() => undefined);
    setTimeout(() => (this.#isFailing = false), RETRY_MS).unref();
  }
}

const RETRY_MS = 5_000;
