// What the provisioner found out about this machine, for the registry of servers: a file of its own, because the two share no code.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Log } from '#shared/log.ts';

/** As large as the registry takes it. */
const MAX_LENGTH = 16_384;
const descriptionSchema = z.record(z.string().min(1).max(64), z.unknown());

/** The description; null where there is none, or one that cannot be read: a server without it is registered all the same. */
export async function readServerDescription(path: string | null, log: Log): Promise<Readonly<Record<string, unknown>> | null> {
  if (path === null) return null;
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > MAX_LENGTH) throw new Error(`has ${text.length} characters, and ${MAX_LENGTH} are the most`);
    const parsed = descriptionSchema.safeParse(JSON.parse(text));
    if (!parsed.success) throw new Error('must hold a JSON object');
    return parsed.data;
  } catch (error) {
    log.warn(
      { path, reason: error instanceof Error ? error.message : String(error) },
      'the description of this server (SERVER_DESCRIPTION_FILE) is left out',
    );
    return null;
  }
}
