/** `npm run environment`: writes docs/environment.md. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { environmentDocument } from './environment-table.ts';

await writeFile(resolve(import.meta.dirname, '../../../../docs/environment.md'), environmentDocument());
