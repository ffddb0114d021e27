import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openApiFile, renderOpenApi } from './openapi-file.ts';

it('commits the document that the API gives out; npm run openapi writes it anew', async () => {
  expect(await readFile(openApiFile, 'utf8')).toBe(await renderOpenApi());
});
