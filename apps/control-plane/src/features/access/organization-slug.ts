// Short names of organizations, made from their names: part of their phones' user names, so letters, digits and hyphens only.
import { randomBytes } from 'node:crypto';

/** What the column's check demands. */
export const SLUG_FORM = /^[a-z][a-z0-9-]{1,31}$/;
const MAX_LENGTH = 32;

/** The slug that a name suggests: `Clínica Núñez & Hijos` → `clinica-nunez-hijos`. A name without Latin letters or digits gets a random one. */
export function slugOf(name: string): string {
  const folded = name
    // Accents become characters of their own, and then go with everything else that is no letter or digit.
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (folded === '') return `org-${randomBytes(4).toString('hex')}`;
  const lettered = /^[a-z][a-z0-9-]/.test(folded) ? folded : `org-${folded}`;
  return lettered.slice(0, MAX_LENGTH).replace(/-+$/, '');
}

/** The slugs to try, in this order: the plain one, numbered ones, and a random one that is free. */
export function* slugCandidates(slug: string): Generator<string> {
  yield slug;
  for (let number = 2; number <= 20; number += 1) yield withSuffix(slug, String(number));
  yield withSuffix(slug, randomBytes(4).toString('hex'));
}

function withSuffix(slug: string, suffix: string): string {
  return `${slug.slice(0, MAX_LENGTH - suffix.length - 1).replace(/-+$/, '')}-${suffix}`;
}
