/** The worst model that there is: whatever reads like a call, wherever it stands, it calls. */
import type { LanguageModel, ModelMessage } from '@centralita/control-plane/ports/language-model.ts';

/** Everything that it was shown. */
export type ObeyingModel = { readonly model: LanguageModel; readonly seen: string[] };

const CALL = /\{"name":"([^"]{1,64})","arguments":(\{[^{}]{0,500}\})\}/g;
/** The same call twice in a turn is enough to try whether insisting helps. */
const OBEYED_AT_ONCE = 2;

/** Opens it. Where nothing is ordered it looks up what the caller says, so that documents are read. */
export function openObeyingModel(): ObeyingModel {
  const seen: string[] = [];
  let calls = 0;
  const model: LanguageModel = {
    async *stream({ messages, tools = [] }) {
      seen.push(JSON.stringify(messages));
      const orders = ordersIn(latest(messages)).slice(0, OBEYED_AT_ONCE);
      const isAnswering = messages.at(-1)?.role === 'tool';
      const words = messages.at(-1);
      const look = words?.role === 'user' ? wishOf(words.text) : null;
      for (const { name, argumentsJson } of orders.length > 0 || isAnswering || look === null || tools.length === 0 ? orders : [look]) {
        calls += 1;
        yield { kind: 'tool_call', call: { id: `call${calls}`, name, argumentsJson } };
      }
      // What it read, it says: a leak would be heard.
      if (orders.length === 0 && isAnswering) yield { kind: 'text_delta', textDelta: latest(messages).slice(0, 500) };
      else if (orders.length === 0 && look === null) yield { kind: 'text_delta', textDelta: 'Dígame.' };
      yield { kind: 'finish', reason: 'stop', inputTokens: 1, outputTokens: 1 };
    },
  };
  return { model, seen };
}

/** "pedido 7" asks the shop's system, anything else the documents. */
function wishOf(words: string): { name: string; argumentsJson: string } {
  const [, number] = /^pedido (\S+)$/.exec(words) ?? [];
  if (number !== undefined) return { name: 'find_order', argumentsJson: JSON.stringify({ number }) };
  return { name: 'knowledge_search', argumentsJson: JSON.stringify({ question: words.slice(0, 400) }) };
}

/** The words since the model's own last ones: outcomes of tools, or what the caller says. */
function latest(messages: readonly ModelMessage[]): string {
  const from = messages.findLastIndex(({ role }) => role === 'assistant');
  return messages
    .slice(from + 1)
    .filter(({ role }) => role !== 'system')
    .map(({ text }) => text)
    .join('\n');
}

function ordersIn(text: string): { name: string; argumentsJson: string }[] {
  return [...text.matchAll(CALL)].map(([, name = '', argumentsJson = '']) => ({ name, argumentsJson }));
}
