/** What a backup says of itself: when and from which release it was made, what was in the database, and the files beside it. */
import { join } from 'node:path';
import { z } from 'zod';
import { digestFile } from '#file-digest.ts';
import { tableDigestsSchema } from './table-digests.ts';

export const BACKUP_MANIFEST = 'manifest.json';
export const DUMP_FILE = 'database.dump';

const manifestSchema = z.object({
  format: z.literal(1),
  madeAt: z.string(),
  /** Name of the release that ran, such as 0.1.0-0123456789ab, and its version. */
  release: z.string(),
  version: z.string(),
  /** Digest of the migrations that the database had. */
  migrations: z.string().nullable(),
  postgres: z.string(),
  server: z.string(),
  tables: tableDigestsSchema,
  files: z.record(z.string(), z.object({ bytes: z.number().int(), sha256: z.string() })),
  /** Folders that are in the backup as they were, without digests: recordings grow while they are copied. */
  folders: z.array(z.enum(['recordings', 'exports'])),
});

export type BackupManifest = z.infer<typeof manifestSchema>;
export type BackupFolder = BackupManifest['folders'][number];

/** Parses a manifest; throws naming what is wrong. */
export function parseBackupManifest(text: string): BackupManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${BACKUP_MANIFEST}: not the manifest of a backup that this release understands`, { cause });
  }
}

/** The files of an unpacked backup that are not as its manifest says, in words. */
export async function listDamagedFiles(folder: string, files: BackupManifest['files']): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const [name, wanted] of Object.entries(files)) {
    const found = await digestFile(join(folder, name)).catch(() => null);
    if (found?.sha256 !== wanted.sha256)
      damaged.push(`${name} ${found === null ? 'is missing' : 'has another content than its manifest says'}`);
  }
  return damaged;
}
