// Turns a conversation into the raw prompt that a model's weights were trained on: the vLLM backend applies no template itself.
import type { ModelMessage } from '#ports/language-model.ts';

/** Names of the templates that we know: `chatml` for Qwen and most open models, `llama3` for Llama 3 and later. */
export const chatTemplates = ['chatml', 'llama3'] as const;
export type ChatTemplateName = (typeof chatTemplates)[number];

/** A template: how to render, and which texts end the model's turn. */
export type ChatTemplate = {
  readonly renderPrompt: (messages: readonly ModelMessage[]) => string;
  readonly stopTexts: readonly string[];
};

/** Control tokens of any template. A caller or a document that contains one must not be able to open another role's turn. */
const controlToken = /<\|[^|>]{0,40}\|>/g;

export function chatTemplate(name: ChatTemplateName): ChatTemplate {
  switch (name) {
    case 'chatml':
      return {
        renderPrompt: (messages) =>
          `${messages.map(({ role, text }) => `<|im_start|>${role}\n${plain(text)}<|im_end|>\n`).join('')}<|im_start|>assistant\n`,
        stopTexts: ['<|im_end|>'],
      };
    case 'llama3':
      return {
        renderPrompt: (messages) =>
          `${messages.map(({ role, text }) => `${llamaHeader(role)}${plain(text)}<|eot_id|>`).join('')}${llamaHeader('assistant')}`,
        stopTexts: ['<|eot_id|>'],
      };
  }
}

function llamaHeader(role: ModelMessage['role']): string {
  return `<|start_header_id|>${role}<|end_header_id|>\n\n`;
}

/** Removed until none is left: taking one out may close the gap around another. */
function plain(text: string): string {
  const cleaned = text.replaceAll(controlToken, '');
  return cleaned === text ? text : plain(cleaned);
}
