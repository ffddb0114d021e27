// Which voices this espeak-ng has, read once: espeak-ng itself takes an unknown variant in silence and speaks with another voice.
import { espeakOutput, type EspeakCommand } from './espeak-process.ts';

/** Voices by language, and variants (timbres) that go after a plus sign: `es-419+f3`. */
export interface VoiceCatalog {
  readonly languages: ReadonlySet<string>;
  /** Lower-case tags that a voice also claims, such as es-mx for es-419. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly variants: ReadonlySet<string>;
}

/** The name and what follows; never starts with a dash, so it cannot be taken for an option. */
const voicePattern = /^([a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3})(?:\+([A-Za-z0-9_-]{1,20}))?$/;

/** Many voices claim to be plain English, the Caribbean one first: say which is meant. */
const preferred: Readonly<Record<string, string>> = { en: 'en-us' };

/** Asks espeak-ng for its voices. @throws when it cannot be run. */
export async function readVoiceCatalog(command: EspeakCommand): Promise<VoiceCatalog> {
  const [voices, variants] = await Promise.all([espeakOutput(command, ['--voices']), espeakOutput(command, ['--voices=variant'])]);
  return parseVoiceCatalog(voices, variants);
}

/** Reads the two tables that espeak-ng prints. Voices that need another synthesiser's recordings (mbrola) are left out. */
export function parseVoiceCatalog(voices: string, variants: string): VoiceCatalog {
  const rows = voices
    .split('\n')
    .slice(1)
    .map((line) => /^\s*\d+\s+(\S+)\s+\S+\s+\S+\s+(\S+)\s*(.*)$/.exec(line))
    .filter((row) => row !== null && !(row[2] ?? '').startsWith('mb/'));
  const aliases = new Map<string, string>();
  for (const row of rows) {
    for (const [, alias] of (row?.[3] ?? '').matchAll(/\(([a-z0-9-]+) \d+\)/g)) {
      if (alias !== undefined && !aliases.has(alias)) aliases.set(alias, row?.[1] ?? '');
    }
  }
  return {
    languages: new Set(rows.map((row) => row?.[1] ?? '')),
    aliases,
    variants: new Set([...variants.matchAll(/!v\/([A-Za-z0-9_-]+)/g)].map(([, name]) => name ?? '')),
  };
}

/** The espeak voice for a BCP 47 tag: exactly, by alias, or by its first subtag; null when the language is not spoken here. */
export function voiceForLanguage(catalog: VoiceCatalog, language: string): string | null {
  const tag = language.toLowerCase().replaceAll('_', '-');
  const subtag = tag.split('-')[0] ?? '';
  for (const candidate of [tag, preferred[tag], catalog.aliases.get(tag), preferred[subtag], subtag, catalog.aliases.get(subtag)]) {
    if (candidate !== undefined && catalog.languages.has(candidate)) return candidate;
  }
  return null;
}

/** True when espeak-ng really has this voice and variant. */
export function hasVoice(catalog: VoiceCatalog, voice: string): boolean {
  const [, language, variant] = voicePattern.exec(voice) ?? [];
  if (language === undefined || !catalog.languages.has(language)) return false;
  return variant === undefined || catalog.variants.has(variant);
}
