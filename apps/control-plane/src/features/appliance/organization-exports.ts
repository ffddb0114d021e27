// Makes the export of an organization that is to be deleted: at once in the background, and again by the hour until it worked.
import type { FileHandle } from 'node:fs/promises';
import { open, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { ArchivedFile, WrittenArchive } from './export-archive.ts';
import { exportFileName, writeArchive } from './export-archive.ts';
import type { ExportSubject, OrganizationExportStore, StoredExport } from './organization-export-store.ts';
import { exportedTables } from './organization-export-store.ts';

export type OrganizationExports = AsyncDisposable & {
  /** Begins an export in the background; one that is under way is not begun twice. A failure is logged, and the hour tries again. */
  start(organizationId: OrganizationId): void;
  /** Makes the exports that are missing, one after the other. Throws after the last one when one failed. */
  makeMissing(options: { signal: AbortSignal }): Promise<void>;
  /** Whether the organization's export is on the disk and says all that there is to say. */
  isComplete(subject: ExportSubject): Promise<boolean>;
  /** The file of an export that is on the disk with its size; null without one. */
  findFile(subject: ExportSubject): Promise<string | null>;
  /** Opens that file; null without one. What is open can be read to its end, also when a newer export replaces it or it is removed meanwhile. */
  open(subject: ExportSubject): Promise<OpenExport | null>;
  /** The time that the export is kept for begins anew: its organization was deleted at `at`. */
  keepFrom(subject: ExportSubject, at: Date): Promise<void>;
};

/** A file of an export that is held open. Disposing it closes it, unless `read` handed it over. */
export type OpenExport = AsyncDisposable &
  StoredExport & {
    readonly organizationId: OrganizationId;
    /** Call it once: its stream closes the file. */
    read(): ReadableStream<Uint8Array>;
  };

export type OrganizationExportsParts = {
  readonly store: OrganizationExportStore;
  readonly exportsDir: string;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly clock: Clock;
  readonly log: Log;
};

const actor: Actor = { kind: 'job', name: 'organization-export', address: null, requestId: null };

/** Opens the maker of exports. Disposing it gives up what is under way. */
export function openOrganizationExports(parts: OrganizationExportsParts): OrganizationExports {
  const { store, exportsDir, log } = parts;
  const scope = mintApplianceScope();
  const stopping = new AbortController();
  const underway = new Map<OrganizationId, Promise<void>>();

  function make(organizationId: OrganizationId): Promise<void> {
    const running = underway.get(organizationId);
    if (running) return running;
    const started = makeExport(parts, { scope, organizationId, signal: stopping.signal }).finally(() => underway.delete(organizationId));
    underway.set(organizationId, started);
    return started;
  }

  async function findFile({ export: made }: ExportSubject): Promise<string | null> {
    if (!made) return null;
    const file = join(exportsDir, basename(made.file));
    const found = await stat(file).catch(() => null);
    return found?.isFile() && found.size === made.bytes ? file : null;
  }

  const isComplete = async (subject: ExportSubject) => {
    const { export: made, deletionRequestedAt } = subject;
    if (!made || !deletionRequestedAt || made.exportedAt < deletionRequestedAt) return false;
    if (await store.hasCallSince(scope, subject.organizationId, made.exportedAt)) return false;
    return (await findFile(subject)) !== null;
  };

  return {
    findFile,
    isComplete,
    open: (subject) => openExport(exportsDir, subject),
    async keepFrom(subject, at) {
      const file = await findFile(subject);
      if (file) await utimes(file, at, at);
    },
    start(organizationId) {
      make(organizationId).catch((error: unknown) => {
        log.error({ organizationId, error: loggableError(error) }, 'organization could not be exported; it is tried again within the hour');
      });
    },
    async makeMissing({ signal }) {
      const failures: unknown[] = [];
      for (const subject of await store.listWaiting(scope)) {
        signal.throwIfAborted();
        if (await isComplete(subject)) continue;
        await make(subject.organizationId).catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw new Error(`${failures.length} organization(s) could not be exported`, { cause: failures[0] });
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the process stops'));
      await Promise.allSettled(underway.values());
    },
  };
}

type Making = { readonly scope: ApplianceScope; readonly organizationId: OrganizationId; readonly signal: AbortSignal };

async function makeExport(parts: OrganizationExportsParts, { scope, organizationId, signal }: Making): Promise<void> {
  const { store, exportsDir, clock, log } = parts;
  const subject = await store.find(scope, organizationId);
  if (!subject?.deletionRequestedAt) return;
  const exportedAt = clock.wallAt();
  const file = exportFileName(subject.slug, exportedAt);
  const archive = await writeArchive({ folder: exportsDir, file, signal }, async (writer) => {
    const tables: (ArchivedFile & { rows: number })[] = [];
    for (const table of exportedTables) {
      tables.push(await writer.addLines(`${table.name}.ndjson`, store.readTable(scope, organizationId, table)));
    }
    const recordings: (ArchivedFile & { callId: string })[] = [];
    const missingRecordings: string[] = [];
    for await (const { callId, recordingPath } of store.readRecordings(scope, organizationId)) {
      await using recording = (await parts.recordings?.open(recordingPath)) ?? null;
      if (!recording) {
        missingRecordings.push(callId);
        continue;
      }
      const { bytes } = recording;
      const content = recording.read({ firstByte: 0, lastByte: bytes - 1 }, { signal });
      recordings.push({ callId, ...(await writer.addStream(`recordings/${callId}.wav`, { bytes, content })) });
    }
    const manifest = { organizationId, slug: subject.slug, exportedAt: exportedAt.toISOString(), tables, recordings, missingRecordings };
    await writer.addText('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  });
  await keepNewest(parts, { scope, subject, made: { ...archive, exportedAt } });
  log.info({ organizationId, file: archive.file, bytes: archive.bytes }, 'organization exported');
}

/** Records the export and removes the file that it replaces, or itself when the deletion was cancelled meanwhile. */
async function keepNewest(
  { store, exportsDir }: OrganizationExportsParts,
  { scope, subject, made }: { scope: ApplianceScope; subject: ExportSubject; made: WrittenArchive & StoredExport },
): Promise<void> {
  const isKept = await store.record({ scope, actor }, subject, made);
  const useless = isKept ? subject.export?.file : made.file;
  if (useless !== undefined && useless !== (isKept ? made.file : null)) await rm(join(exportsDir, basename(useless)), { force: true });
}

async function openExport(exportsDir: string, { organizationId, export: made }: ExportSubject): Promise<OpenExport | null> {
  const file = made && (await open(join(exportsDir, basename(made.file))).catch(nullIfGone));
  if (!made || !file) return null;
  try {
    const found = await file.stat();
    if (found.isFile() && found.size === made.bytes) return heldOpen(file, { organizationId, ...made });
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return null;
}

function heldOpen(file: FileHandle, about: StoredExport & { readonly organizationId: OrganizationId }): OpenExport {
  let isHandedOver = false;
  return {
    ...about,
    read() {
      isHandedOver = true;
      return Readable.toWeb(file.createReadStream()) as ReadableStream<Uint8Array>;
    },
    async [Symbol.asyncDispose]() {
      if (!isHandedOver) await file.close();
    },
  };
}

function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
