/** Finds the Debian mirror that this machine already trusts, so that the private root comes from the same place. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A Debian archive: where it is and the key that signs it. */
export type DebianMirror = { readonly uri: string; readonly keyring: string };

const DEFAULT_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Parses one file of apt's sources, in the one-line or the deb822 form.
 * Only the main archive counts: not security, not updates, not backports, not other vendors.
 */
export function parseAptSources(text: string): readonly DebianMirror[] {
  const mirrors: DebianMirror[] = [];
  for (const line of text.split('\n')) {
    const match = /^deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)\s+(?<components>.*)$/.exec(line.trim());
    if (match?.groups) {
      const signedBy = /signed-by=(\S+)/i.exec(match.groups['options'] ?? '')?.[1];
      push(mirrors, { uris: match.groups['uri'] ?? '', components: match.groups['components'] ?? '', signedBy });
    }
  }
  for (const paragraph of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const line of paragraph.split('\n')) {
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field?.[1] !== undefined && field[2] !== undefined) fields.set(field[1].toLowerCase(), field[2].trim());
    }
    const types = fields.get('types');
    if (types === undefined || !types.split(/\s+/).includes('deb') || fields.get('enabled') === 'no') continue;
    push(mirrors, { uris: fields.get('uris') ?? '', components: fields.get('components') ?? '', signedBy: fields.get('signed-by') });
  }
  return mirrors;
}

/** Reads the machine's own sources. Throws, naming what to add, when none of them is a Debian main archive. */
export async function findDebianMirror(aptFolder = '/etc/apt'): Promise<DebianMirror> {
  const parts = await readdir(join(aptFolder, 'sources.list.d')).catch(() => []);
  const files = [
    'sources.list',
    ...parts
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .map((name) => join('sources.list.d', name)),
  ];
  for (const name of files) {
    const text = await readFile(join(aptFolder, name), 'utf8').catch(() => '');
    const first = parseAptSources(text)[0];
    if (first) return first;
  }
  throw new Error(`${aptFolder}: no source of the Debian main archive found. Add one (Types: deb, Components: main) and run again`);
}

function push(mirrors: DebianMirror[], source: { uris: string; components: string; signedBy: string | undefined }): void {
  const uri = source.uris.split(/\s+/)[0] ?? '';
  if (!/^(https?|file|copy):/.test(uri) || !/\/debian\/?$/.test(uri) || !source.components.split(/\s+/).includes('main')) return;
  // A key written inline in the sources starts on the next line; the archive's own keyring is then the right file.
  const keyring = source.signedBy?.startsWith('/') ? source.signedBy : DEFAULT_KEYRING;
  mirrors.push({ uri: uri.replace(/\/$/, ''), keyring });
}
