/** Whether something is there, asked in one way: what cannot be looked at counts as not there. */
import { access } from 'node:fs/promises';

export async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
