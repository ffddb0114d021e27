// The embedded database with the extensions that our migrations ask for: a server has them from its packages, PGlite from imports.
import { PGlite } from '@electric-sql/pglite';
import { btree_gist } from '@electric-sql/pglite/contrib/btree_gist';
import { unaccent } from '@electric-sql/pglite/contrib/unaccent';
import { vector } from '@electric-sql/pglite-pgvector';

/** An empty database in memory, with vectors, exclusion constraints over plain columns, and search without accents. */
export function createPglite(): Promise<PGlite> {
  return PGlite.create({ extensions: { vector, btree_gist, unaccent } });
}
