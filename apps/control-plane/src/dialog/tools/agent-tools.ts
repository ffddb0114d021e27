// The tools that an agent of ours can have, made of what the box offers: what is not there is not offered.
import type { HttpToolDefinition, HttpTools } from '#ports/http-tool.ts';
import type { KnowledgeSearch } from '#ports/knowledge-search.ts';
import type { MessageBox } from '#ports/message-box.ts';
import { createEndCallTool } from './end-call-tool.ts';
import { createHttpTool } from './http-tool.ts';
import { createKnowledgeSearchTool } from './knowledge-search-tool.ts';
import { createTakeMessageTool } from './take-message-tool.ts';
import type { Tool } from './tool.ts';
import { createTransferToPersonTool } from './transfer-to-person-tool.ts';
import type { TransferDestination } from './transfer-to-person-tool.ts';

/** What the box offers; the same for every agent. */
export type AgentToolParts = {
  readonly knowledge: KnowledgeSearch | null;
  readonly messages: MessageBox | null;
  readonly httpTools: HttpTools | null;
  /** Tools made elsewhere, such as those of booking. */
  readonly others: readonly Tool[];
};

/** What one agent has of its own. */
export type AgentToolSettings = {
  /** Whom it may ring; none: it has no `transfer_to_person`. */
  readonly destinations: readonly TransferDestination[];
  readonly httpTools: readonly HttpToolDefinition[];
};

/** Every tool of an agent. Which of them a node of its flow may use is the tool set's to say. */
export function createAgentTools(parts: AgentToolParts, settings: AgentToolSettings): readonly Tool[] {
  const { knowledge, messages, httpTools, others } = parts;
  const ours: Tool[] = [
    ...(knowledge === null ? [] : [createKnowledgeSearchTool({ knowledge })]),
    ...(messages === null ? [] : [createTakeMessageTool({ messages })]),
    ...(settings.destinations.length === 0 ? [] : [createTransferToPersonTool(settings)]),
    createEndCallTool(),
    ...others,
  ];
  const names = new Set(ours.map(({ name }) => name));
  // A definition stored before the product had a tool of that name gives way to it.
  const defined = httpTools === null ? [] : settings.httpTools.filter(({ name }) => !names.has(name));
  return [...ours, ...defined.map((definition) => createHttpTool({ httpTools: httpTools as HttpTools }, definition))];
}
