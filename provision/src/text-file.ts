/** The text of a file that may not be there, read in one way: what is there and cannot be read is an error, never nothing. */
import { readFile } from 'node:fs/promises';

/** Null where there is no such file. Throws for whatever else keeps it from being read. */
export async function readTextIfThere(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}
