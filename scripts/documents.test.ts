/** A stranger finds his way: every document is reached from the README, every link leads somewhere, every command that is named exists. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const repository = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
const exists = (path: string): boolean => statSync(join(repository, path), { throwIfNoEntry: false }) !== undefined;
const exclude = ['**/node_modules/**', '.rig/**'];
const documents = globSync('**/*.md', { cwd: repository, exclude }).toSorted();
const manifest = z.object({ scripts: z.record(z.string(), z.string()).default({}) });
const scriptsOf = (folder: string): readonly string[] =>
  Object.keys(manifest.parse(JSON.parse(read(join(folder, 'package.json')))).scripts);

type Link = { readonly from: string; readonly to: string; readonly anchor: string | undefined };

/** Links to other documents, folders and headings; addresses elsewhere are left alone. */
function linksOf(from: string): readonly Link[] {
  return [...read(from).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    return [{ from, to: path === '' ? from : join(dirname(from), path), anchor }];
  });
}

/** What a heading is called in a link. */
function anchorsOf(path: string): readonly string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it('no link of a document leads nowhere', () => {
  const links = documents.flatMap(linksOf);
  expect(links.length).toBeGreaterThan(20);
  const dead = links.filter(({ to, anchor }) => !exists(to) || (anchor !== undefined && !anchorsOf(to).includes(anchor)));
  expect(dead).toEqual([]);
});

it('every document is listed in the README', () => {
  const listed = linksOf('README.md').map(({ to }) => to);
  expect(documents.filter((path) => path !== 'README.md' && !listed.includes(path))).toEqual([]);
});

it('every `npm run` of a document is a script of the package that it names', () => {
  const texts = documents.map(read).join('\n');
  const named = [...texts.matchAll(/npm run (?:--silent )?([\w-]+(?::[\w-]+)*)(?![\w:-])(?: -w ([\w/-]+))?/g)];
  expect(named.length).toBeGreaterThan(20);
  const unknown = named.flatMap(([whole, name = '', folder = '.']) => (scriptsOf(folder).includes(name) ? [] : [whole]));
  expect(unknown).toEqual([]);
});
