// Turns a conversation into the raw prompt that a model's weights were trained on: the vLLM backend applies no template itself.
import { plainText } from './control-tokens.ts';
import type { PromptRequest, ToolFormat } from './tool-format.ts';
import { withToolsAsText } from './tool-prompt.ts';
import type { PlainMessage } from './tool-prompt.ts';

/** Names of the templates that we know by heart: `chatml` for Qwen and most open models, `llama3` for Llama 3 and later. */
export const chatTemplates = ['chatml', 'llama3'] as const;
export type ChatTemplateName = (typeof chatTemplates)[number];

/** A template: how to render, and how the model's answer is to be read. */
export type ChatTemplate = {
  /** Throws when the template cannot be applied to the conversation. */
  readonly renderPrompt: (request: PromptRequest) => string;
  /** Texts that end the model's turn. */
  readonly stopTexts: readonly string[];
  /** How the model writes calls of tools. */
  readonly toolFormat: ToolFormat;
  /** Tokens of a text; absent where the tokenizer is not at hand. */
  readonly countTokens?: (text: string) => number;
};

/** A template that needs no file. */
export function chatTemplate(name: ChatTemplateName): ChatTemplate {
  switch (name) {
    case 'chatml':
      return {
        renderPrompt: (request) =>
          `${plainMessages(request, 'hermes')
            .map(({ role, text }) => `<|im_start|>${role}\n${text}<|im_end|>\n`)
            .join('')}<|im_start|>assistant\n`,
        stopTexts: ['<|im_end|>'],
        toolFormat: 'hermes',
      };
    case 'llama3':
      return {
        renderPrompt: (request) =>
          `${plainMessages(request, 'llama3')
            .map(({ role, text }) => `${llamaHeader(role)}${text}<|eot_id|>`)
            .join('')}${llamaHeader('assistant')}`,
        stopTexts: ['<|eot_id|>', '<|eom_id|>'],
        toolFormat: 'llama3',
      };
  }
}

function plainMessages(request: PromptRequest, format: ToolFormat): readonly PlainMessage[] {
  return withToolsAsText(request, { format, plain: plainText });
}

function llamaHeader(role: string): string {
  return `<|start_header_id|>${role}<|end_header_id|>\n\n`;
}
