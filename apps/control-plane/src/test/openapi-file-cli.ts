// `npm run openapi`: writes the API's document.
import { writeFile } from 'node:fs/promises';
import { openApiFile, renderOpenApi } from './openapi-file.ts';

await writeFile(openApiFile, await renderOpenApi());
