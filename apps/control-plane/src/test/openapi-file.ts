// The committed document `apps/control-plane/openapi.json`: an API change is a diff to review.
import { testDatabases } from '#db/test-database.ts';
import { openTestApi } from './test-api.ts';

/** Where the document is kept. */
export const openApiFile = new URL('../../openapi.json', import.meta.url);

/** The document as the running API gives it out. The formatter leaves the file alone: it would be no longer what the API says, byte by byte. */
export async function renderOpenApi(): Promise<string> {
  await using test = await testDatabases(undefined)[0]!.open();
  await using api = await openTestApi(test);
  const { body } = await api.ask('/openapi.json');
  return `${JSON.stringify(body, null, 2)}\n`;
}
