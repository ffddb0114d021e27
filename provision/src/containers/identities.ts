/** Who is who in the images: the same numbers in all of them, so that a file's owner means the same in every container and on the machine. */
import type { PrivateRoot } from '#private-root.ts';

/** Below 1000, so that Debian's packages take them for their system users; away from both ends, where distributions give numbers out. */
export const IDENTITIES = { asterisk: 701, postgres: 702, prometheus: 703, centralita: 704 } as const;
/** The user of the published image of Grafana. */
export const GRAFANA_ID = 472;

/** Debian release of the base: the one that carries Asterisk 22, PostgreSQL 18 and Node 24. */
export const BASE_SUITE = 'forky';

const MULTIARCH: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** What an image is to the renderers that otherwise work on a private root: a root at `/` with our users in it. */
export function imageRoot(architecture: string): PrivateRoot {
  const multiarch = MULTIARCH[architecture];
  if (multiarch === undefined)
    throw new Error(`processor ${architecture}: the images are built for ${Object.keys(MULTIARCH).join(' and ')}`);
  const of = (id: number) => ({ uid: id, gid: id });
  const users = { asterisk: of(IDENTITIES.asterisk), postgres: of(IDENTITIES.postgres), prometheus: of(IDENTITIES.prometheus) };
  return { dir: '/', multiarch, users, versions: {} };
}
