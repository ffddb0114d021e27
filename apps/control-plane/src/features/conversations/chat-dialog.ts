// The agent of a chat: opened with the model and the tools that the agent of a call gets, and told that it is read, not heard.
import { openDialog } from '#dialog/agent-turn.ts';
import type { Tool } from '#dialog/tools/tool.ts';
import type { CallEngineParts } from '#engine/call-engine.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { ChatParts } from './chats.ts';

/** The same parts as the engine's. */
export type ChatDialogParts = Pick<CallEngineParts, 'languageModel' | 'findTools' | 'clock'>;

/** Opens agents for chats. One whose tools cannot be looked up still answers: it says what it knows. */
export function createChatDialogs(parts: ChatDialogParts): ChatParts['openDialog'] {
  const { languageModel, findTools, clock } = parts;
  return async (agent, { scope, conversationId, callerNumber, signal, log, summaryKeeper }) => {
    const tools: readonly Tool[] =
      (await findTools?.({ scope, agent }, { signal }).catch((error: unknown) => {
        log.error({ error: loggableError(error) }, 'the tools of an agent could not be looked up');
        return [];
      })) ?? [];
    const { agentId, language } = agent;
    const context = { scope, agentId, conversationId, callerNumber, language, signal };
    const onToolFault = ({ tool, error }: { readonly tool: string; readonly error: unknown }) =>
      log.warn({ tool, error: loggableError(error) }, 'a tool failed');
    return openDialog(agent, { languageModel, tools, context, clock, isSpoken: false, onToolFault, summaryKeeper });
  };
}
