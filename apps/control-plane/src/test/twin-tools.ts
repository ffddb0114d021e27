// What a twin organization has besides: a tool of its own and a message that a caller left.
import type { Database } from '#db/client.ts';
import { callerMessages } from '#db/schema/caller-messages.ts';
import { httpTools } from '#db/schema/http-tools.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A definition that the API takes; `unique` keeps names apart. */
export function toolDraft(unique: number) {
  return {
    name: `find_order_${unique}`,
    description: 'Finds an order by its number.',
    effect: 'read' as const,
    parameters: {
      type: 'object' as const,
      properties: { number: { type: 'integer' as const, description: 'Number of the order', minimum: 1 } },
      required: ['number'],
    },
    method: 'GET' as const,
    url: 'https://shop.example.com/orders/{number}',
  };
}

/** Adds one of each to an agent. */
export async function addTwinTools(database: Database, scope: OrgScope, agentId: string): Promise<{ toolId: string; messageId: string }> {
  const [toolId, messageId] = [newId('httpTool'), newId('callerMessage')];
  const of = { orgId: scope.organizationId, agentId };
  const message = { conversationId: newId('call'), text: 'Que me llamen', isUrgent: false, fingerprint: 'f' };
  await database.inOrg(scope, async (queries) => {
    await queries.insert(httpTools).values({ ...toolDraft(0), ...of, id: toolId, headers: [] });
    await queries.insert(callerMessages).values({ ...of, ...message, id: messageId });
  });
  return { toolId, messageId };
}
