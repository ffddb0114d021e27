// What a twin organization's agent knows: one document that is searched.
import type { Database } from '#db/client.ts';
import { ragDocuments } from '#db/schema/knowledge.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Adds a document to an agent and returns its id. */
export async function addTwinDocument(database: Database, scope: OrgScope, agentId: string): Promise<string> {
  const id = newId('document');
  const file = { name: 'tarifas.txt', mediaType: 'text/plain', sizeBytes: 10, sha256: 'ab'.repeat(32), category: 'precios' };
  await database.inOrg(scope, (queries) =>
    queries
      .insert(ragDocuments)
      .values({ ...file, orgId: scope.organizationId, id, agentId, state: 'ready', chunkCount: 1, storedCount: 1 }),
  );
  return id;
}

/** The form of an upload; `unique` makes another file of each. */
export function uploadForm(unique: number): FormData {
  const form = new FormData();
  form.set('file', new File([`El masaje ${unique} cuesta 45 euros.`], `tarifas-${unique}.txt`));
  return form;
}
