// Forms of one conversation for templates that refuse it as it is: some models know no system message, no greeting first, no two calls at once.
import type { ModelMessage } from '#ports/language-model.ts';

/** Calls made together, one after the other, each with its outcome behind it (Llama 3.1). */
export function withSingleCalls(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const outcomes = new Map(messages.flatMap((message) => (message.role === 'tool' ? [[message.callId, message] as const] : [])));
  return messages.flatMap((message): readonly ModelMessage[] => {
    if (message.role === 'tool') return [];
    if (message.role !== 'assistant' || message.toolCalls === undefined) return [message];
    return message.toolCalls.flatMap((call, index): readonly ModelMessage[] => {
      const outcome = outcomes.get(call.id);
      const asked: ModelMessage = { role: 'assistant', text: index === 0 ? message.text : '', toolCalls: [call] };
      return outcome === undefined ? [asked] : [asked, outcome];
    });
  });
}

/** The caller first, then both sides in turn; the system's words at the head of the first message (Gemma, Mistral). */
export function withTurnsInOrder(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const out: ModelMessage[] = [];
  for (const message of withSingleCalls(messages)) {
    const role = message.role === 'system' ? 'user' : message.role;
    const last = out.at(-1);
    if ((role === 'user' || (role === 'assistant' && !hasCalls(message))) && last?.role === role && !hasCalls(last))
      out[out.length - 1] = { role, text: `${last.text}\n\n${message.text}` };
    else out.push(message.role === 'system' ? { role: 'user', text: message.text } : message);
  }
  return out;
}

function hasCalls(message: ModelMessage): boolean {
  return message.role === 'assistant' && (message.toolCalls?.length ?? 0) > 0;
}
