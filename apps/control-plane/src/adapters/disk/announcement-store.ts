// Announcements from a folder, loaded at start: a failing disk or model cannot silence them later.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnnouncementName, AnnouncementStore } from '#ports/announcement-store.ts';
import type { Log } from '#shared/log.ts';

const names: readonly AnnouncementName[] = ['apology', 'filler', 'resume'];
/** One minute of sound: a longer file is a mistake, and it is refused. */
const MAX_BYTES = 60 * 16_000 * 2;

/**
 * Loads `<name>.<language>.s16le` (raw mono PCM16 at 16 kHz) for each name and language. A file that is missing or cannot be one is a
 * warning that names it: calls go on, and end without the apology.
 */
export async function openAnnouncements(options: { folder: string; languages: readonly string[]; log: Log }): Promise<AnnouncementStore> {
  const sounds = new Map<string, Int16Array>();
  for (const name of names) {
    for (const language of options.languages) {
      const file = join(options.folder, `${name}.${language}.s16le`);
      const sound = await loadSound(file, options.log);
      if (sound) sounds.set(`${name}.${language}`, sound);
    }
  }
  return {
    // "es-MX" is served by "es": an apology in another accent is better than none.
    find: (name, language) => sounds.get(`${name}.${language}`) ?? sounds.get(`${name}.${language.split('-')[0]}`) ?? null,
  };
}

async function loadSound(file: string, log: Log): Promise<Int16Array | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    log.warn({ file, code }, 'announcement cannot be read: run the provisioner to make it');
    return null;
  }
  if (bytes.length === 0 || bytes.length % 2 !== 0 || bytes.length > MAX_BYTES) {
    log.warn({ file, bytes: bytes.length, maxBytes: MAX_BYTES }, 'announcement is no raw mono PCM16: its size is odd, zero or too large');
    return null;
  }
  const sound = new Int16Array(bytes.length / 2);
  for (let index = 0; index < sound.length; index += 1) sound[index] = bytes.readInt16LE(index * 2);
  return sound;
}
