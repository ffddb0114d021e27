/** Brings one file: goes on where an earlier try ended, checks while it streams, and never leaves a wrong file where a right one is expected. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import type { Dispatcher, Response } from 'undici';
import { statDisk } from '#machine/disk-space.ts';
import { explainConnection, explainStatus, ModelError, needsProxyPassword } from './model-failure.ts';
import { quarantine, sizeOf } from './models-folder.ts';
import type { Pin } from './models-folder.ts';

export type Download = {
  readonly url: string;
  /** Where it grows; what lies there already is gone on with. */
  readonly partPath: string;
  /** Where it comes to lie when it is right. */
  readonly path: string;
  /** Where it would be quarantined next to; a wrong file is set aside, not thrown away. */
  readonly quarantinePath: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
};

export type DownloadTools = {
  readonly signal: AbortSignal;
  readonly dispatcher: Dispatcher;
  /** Sent to the first host alone; null: none. */
  readonly token: string | null;
  /** Bytes that are there now, of how many; null: the server does not say. */
  readonly onProgress: (presentBytes: number, totalBytes: number | null) => void;
  /** How patient it is; the usual where left out. */
  readonly patience?: Patience;
};

/** A silence of `stallMs` counts as a break; after `waitsMs.length` breaks in a row without a byte more it gives up. */
export type Patience = { readonly stallMs: number; readonly waitsMs: readonly number[] };
const TRIES_WITHOUT_A_BYTE = 3;
export const DEFAULT_PATIENCE: Patience = { stallMs: 30_000, waitsMs: [1_000, 2_000, 4_000, 8_000, 16_000] };

/** Connects through HTTPS_PROXY, HTTP_PROXY and NO_PROXY where they are set. Close it after use. */
export function openDispatcher(patience: Patience = DEFAULT_PATIENCE): Dispatcher {
  return new EnvHttpProxyAgent({ bodyTimeout: patience.stallMs, headersTimeout: patience.stallMs, connect: { timeout: 10_000 } });
}

/** Downloads and checks. Returns what came. Throws `ModelError` with the reason and the fix. */
export async function downloadFile(download: Download, tools: DownloadTools): Promise<Pin> {
  const waitsMs = (tools.patience ?? DEFAULT_PATIENCE).waitsMs;
  await mkdir(dirname(download.partPath), { recursive: true });
  let breaks = 0;
  for (;;) {
    const before = (await sizeOf(download.partPath)) ?? 0;
    const result = await tryOnce(download, tools);
    if (result.kind === 'done') return await settle(download, result.pin);
    const hasGrown = ((await sizeOf(download.partPath)) ?? 0) > before;
    breaks = hasGrown ? 0 : breaks + 1;
    const waitMs = waitsMs[Math.min(breaks, waitsMs.length - 1)] ?? 0;
    // Where nothing ever came there is more likely no way than a bad one.
    const tries = (await sizeOf(download.partPath)) === null ? TRIES_WITHOUT_A_BYTE : waitsMs.length;
    if (breaks >= Math.min(tries, waitsMs.length)) throw result.error;
    await sleep(waitMs, undefined, { signal: tools.signal });
  }
}

type Try = { readonly kind: 'done'; readonly pin: Pin } | { readonly kind: 'broken'; readonly error: ModelError };

async function tryOnce(download: Download, tools: DownloadTools): Promise<Try> {
  const start = await openPart(download, tools.signal);
  if (start.bytes > 0 && start.bytes === download.bytes) return { kind: 'done', pin: finish(start) };
  let response: Response;
  try {
    response = await request(download, tools, start);
  } catch (error) {
    tools.signal.throwIfAborted();
    const explained = explainConnection(error, download.url);
    // Asking again with the same words gets the same answer.
    if (needsProxyPassword(error)) throw explained;
    return { kind: 'broken', error: explained };
  }
  const isElsewhere = response.status === 206 && !goesOn(response, start.bytes);
  if (response.status === 416 || isElsewhere) {
    // What is here does not belong to what is there: from the beginning.
    await response.body?.cancel();
    await rm(download.partPath, { force: true });
    return { kind: 'broken', error: explainStatus(response.status, download.url) };
  }
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    await response.body?.cancel();
    return { kind: 'broken', error: explainStatus(response.status, download.url) };
  }
  if (response.status !== 200 && response.status !== 206) {
    await response.body?.cancel();
    throw explainStatus(response.status, download.url);
  }
  // A server that sends the whole file again is believed.
  return await receive(download, tools, { response, start: response.status === 206 ? start : fresh() });
}

type Start = { bytes: number; readonly hash: Hash; readonly etag: string | null };

function fresh(): Start {
  return { bytes: 0, hash: createHash('sha256'), etag: null };
}

function finish({ bytes, hash }: Start): Pin {
  return { bytes, sha256: hash.digest('hex') };
}

/** What is here already. Without a checksum to check the whole by, it is gone on with only when the server can say that it is the same file. */
async function openPart(download: Download, signal: AbortSignal): Promise<Start> {
  const size = (await sizeOf(download.partPath)) ?? 0;
  const etag = await readFile(`${download.partPath}.etag`, 'utf8').catch(() => null);
  const isTooLong = download.bytes !== null && size > download.bytes;
  if (size === 0 || isTooLong || (download.sha256 === null && etag === null)) return fresh();
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(download.partPath, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).byteLength;
  }
  return { bytes, hash, etag };
}

async function request({ url }: Download, { dispatcher, signal, token }: DownloadTools, start: Start): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'centralita-models' };
  if (token !== null) headers['authorization'] = `Bearer ${token}`;
  if (start.bytes > 0) headers['range'] = `bytes=${start.bytes}-`;
  if (start.bytes > 0 && start.etag !== null) headers['if-range'] = start.etag;
  return await fetch(url, { dispatcher, signal, headers, redirect: 'follow' });
}

/** Whether the answer begins where the part ends. */
function goesOn(response: Response, from: number): boolean {
  return new RegExp(`^bytes ${from}-`).test(response.headers.get('content-range') ?? '');
}

async function receive(download: Download, tools: DownloadTools, { response, start }: { response: Response; start: Start }): Promise<Try> {
  const total = totalOf(response, start.bytes, download.bytes);
  await checkSpace(download, total === null ? null : total - start.bytes);
  const etag = response.headers.get('etag');
  if (etag !== null && !etag.startsWith('W/')) await writeFile(`${download.partPath}.etag`, etag);
  // One of the two: going on at the end, or the whole file from its beginning.
  await using file = await open(download.partPath, start.bytes > 0 ? 'a' : 'w');
  try {
    for await (const piece of response.body ?? []) {
      await write(file, start, piece as Uint8Array);
      tools.onProgress(start.bytes, total);
      if (download.bytes !== null && start.bytes > download.bytes) break;
    }
    await file.datasync();
  } catch (error) {
    tools.signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(download, total, 0);
    return { kind: 'broken', error: explainConnection(error, download.url) };
  }
  if (total !== null && start.bytes < total)
    return { kind: 'broken', error: explainConnection(new Error(`ended after ${start.bytes} of ${total} bytes`), download.url) };
  return { kind: 'done', pin: finish(start) };
}

async function write(file: FileHandle, start: Start, piece: Uint8Array): Promise<void> {
  await file.writeFile(piece);
  start.hash.update(piece);
  start.bytes += piece.byteLength;
}

function totalOf(response: Response, from: number, pinned: number | null): number | null {
  if (pinned !== null) return pinned;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  return Number.isFinite(length) ? from + length : null;
}

async function checkSpace(download: Download, missingBytes: number | null): Promise<void> {
  if (missingBytes === null) return;
  const { freeBytes } = await statDisk(dirname(download.partPath));
  if (freeBytes < missingBytes) throw noSpace(download, missingBytes, freeBytes);
}

function noSpace(download: Download, neededBytes: number | null, freeBytes: number): ModelError {
  const needed = neededBytes === null ? 'more' : `${(neededBytes / 1e9).toFixed(2)} GB`;
  return new ModelError('obstacle', `${dirname(download.partPath)}: ${needed} needed, ${(freeBytes / 1e9).toFixed(2)} GB free`, {
    fix: 'make room, or put CENTRALITA_HOME on a larger disk, and run it again: it goes on where it is',
  });
}

/** Into place when right; aside when not. */
async function settle(download: Download, pin: Pin): Promise<Pin> {
  await rm(`${download.partPath}.etag`, { force: true });
  const isRight = (download.sha256 === null || download.sha256 === pin.sha256) && (download.bytes === null || download.bytes === pin.bytes);
  if (isRight) {
    await mkdir(dirname(download.path), { recursive: true });
    await rename(download.partPath, download.path);
    return pin;
  }
  const aside = await quarantine(download.partPath, download.quarantinePath, pin.sha256);
  throw new ModelError(
    'failed',
    `${download.url}: wrong content: ${pin.bytes} bytes with SHA-256 ${pin.sha256}, ${download.bytes ?? 'any number of'} bytes with ${download.sha256 ?? 'any'} expected. What was here before is untouched; what came is set aside as ${aside}`,
    { fix: 'run it again; if it comes back the same, the mirror or the hub has another file: do not use it, and compare with the source' },
  );
}
