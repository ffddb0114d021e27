// What agents can do besides talking, composed: calls and chats find the same tools here.
import { createBookingTools } from '#dialog/tools/booking-tools.ts';
import { createContactMemoryTools } from '#dialog/tools/contact-memory-tools.ts';
import { createToolFinder } from '#dialog/tools/tool-finder.ts';
import type { ToolFinder } from '#dialog/tools/tool-finder.ts';
import { createHttpTools } from '#features/agents/http-tool-use.ts';
import type { OutboundHttp } from '#ports/outbound-http.ts';
import type { Traces } from '#ports/traces.ts';
import type { Office } from './office.ts';

/** The finder over an office's stores. `outbound` sends the requests of tools that organizations defined; `traces`, where there are any, says which they belong to. */
export function createAgentToolbox(office: Office, outbound: OutboundHttp, traces?: Pick<Traces, 'traceParentOf'>): ToolFinder {
  return createToolFinder({
    knowledge: office.knowledgeSearch,
    messages: office.callerMessages,
    httpTools: createHttpTools({ store: office.httpToolStore, outbound, traces }),
    others: [...createBookingTools({ book: office.appointments }), ...createContactMemoryTools({ memory: office.contactMemory })],
  });
}
