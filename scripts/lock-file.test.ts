/** What the lock file must be so that `npm ci` works for everybody, whatever npm wrote it last and from whichever registry. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

type Entry = {
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly os?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
};
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as { packages: Record<string, Entry> };
const installed = Object.entries(lock.packages).filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true);

it('names no registry: whoever installs uses his own', () => {
  expect(installed.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
});

it('holds every optional package of every platform, or npm ci refuses it where the registry has them', () => {
  const missing = installed.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => !(`${path}/node_modules/${name}` in lock.packages) && !(`node_modules/${name}` in lock.packages),
    ),
  );
  expect(missing).toEqual([]);
});

it('has the checksum of every package that is not bound to a platform', () => {
  expect(installed.filter(([, { integrity, optional, os }]) => integrity === undefined && !(optional && os)).map(([path]) => path)).toEqual(
    [],
  );
});

it('asks of the Node that launches npm no more than install-launcher.ts counts on', () => {
  const ranges = new Set(installed.flatMap(([, entry]) => (entry.optional === true ? [entry.engines?.node ?? '*'] : [])));
  const alwaysMet = /^(\*|>= ?[0-9]\b.*|>= ?1[0-8]\b[^|]*|\^8\.16\.0 \|\| \^10\.6\.0 \|\| >=11\.0\.0)$/;
  const strict = [...ranges].filter((range) => !alwaysMet.test(range)).sort();
  expect(strict).toEqual(['>=20.9.0', '^20.19.0 || >=22.12.0', '^20.19.0 || ^22.13.0 || >=23.5.0', '^20.9.0']);
});
