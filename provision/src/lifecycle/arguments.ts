/** Reads what follows a verb. Unknown words are refused before anything is done. */
import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { UsageError } from '#place.ts';
import { PROFILES } from '#settings.ts';
import type { Profile } from '#settings.ts';

/** Parses options of `node:util`'s form, and at most `words` words besides. Throws `UsageError` naming what is wrong. */
export function parseVerbArguments<Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options, words = 0) {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: words > 0, strict: true });
    if (parsed.positionals.length > words) throw new Error(`one word too many: ${parsed.positionals[words] ?? ''}`);
    return parsed;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** What `--profile` says; null when it was not said. Throws `UsageError` naming what there is. */
export function parseProfile(text: string | undefined): Profile | null {
  const profile = PROFILES.find((known) => known === text);
  if (text !== undefined && profile === undefined) throw new UsageError(`--profile ${text}: there are ${PROFILES.join(' and ')}`);
  return profile ?? null;
}
