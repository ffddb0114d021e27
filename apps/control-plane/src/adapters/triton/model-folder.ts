// Reads what the weights' own folder says about them: the chat template, the tokens that end a turn, the tokenizer.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { ModelMessage } from '#ports/language-model.ts';
import { withSingleCalls, withTurnsInOrder } from './message-forms.ts';
import type { ChatTemplate } from './chat-template.ts';
import { plainText, plainTextWithout } from './control-tokens.ts';
import type { PromptRequest, ToolFormat } from './tool-format.ts';
import { argumentsOf, functionOf, withToolsAsText } from './tool-prompt.ts';

/** Texts whose length in tokens is kept: the turns of a hundred calls. */
const COUNTED_TEXTS_MAX = 10_000;
/** Known ends of a turn; those that the folder names stop the model. */
const TURN_ENDS = ['<|im_end|>', '<|eot_id|>', '<|eom_id|>', '<|end|>', '<end_of_turn>', '</s>'];

const token = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish()
  .transform((text) => text ?? '');
const settingsSchema = z.object({
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
  bos_token: token,
  eos_token: token,
  added_tokens_decoder: z.record(z.string(), z.object({ content: z.string(), special: z.boolean().default(false) })).default({}),
});
type Settings = z.infer<typeof settingsSchema>;

/**
 * The template of a folder as model hubs lay it out: `tokenizer_config.json`, and beside it `chat_template.jinja` and `tokenizer.json`.
 * Throws, naming the file, when the folder has no template or one that cannot be read; without `tokenizer.json` tokens are not counted.
 */
export async function readModelFolder(folder: string): Promise<ChatTemplate> {
  const settings = settingsSchema.parse(await readJson(join(folder, 'tokenizer_config.json')));
  const ownFile = await readOptional(join(folder, 'chat_template.jinja'));
  const tokenizerFile = join(folder, 'tokenizer.json');
  const tokenizerText = await readOptional(tokenizerFile);
  const tokenizer = tokenizerText === null ? null : (new Tokenizer(parseJson(tokenizerText, tokenizerFile), settings) as FolderTokenizer);
  // A folder may name a template for tools beside the plain one (Hermes, Command R).
  const named = ownFile ?? namedTemplate(settings, 'default');
  if (named === null) {
    throw new Error(
      `${folder} has no chat template: neither chat_template.jinja nor chat_template in tokenizer_config.json; use LANGUAGE_MODEL_TEMPLATE without LANGUAGE_MODEL_DIR`,
    );
  }
  const forTools = ownFile === null ? (namedTemplate(settings, 'tool_use') ?? named) : named;
  return templateOf({ source: named, forTools, settings, tokenizer });
}

/** What is used of the tokenizer, whose package ships types that do not resolve. */
type FolderTokenizer = {
  encode(text: string, options?: { add_special_tokens?: boolean }): { readonly ids: readonly number[]; readonly tokens: readonly string[] };
};

type Parts = {
  readonly source: string;
  readonly forTools: string;
  readonly settings: Settings;
  readonly tokenizer: FolderTokenizer | null;
};

function templateOf({ source, forTools, settings, tokenizer }: Parts): ChatTemplate {
  const added = Object.values(settings.added_tokens_decoder);
  const plain = plainTextWithout(
    added.filter(({ special, content }) => special && plainText(content) !== '').map(({ content }) => content),
  );
  const format = toolFormatOf(forTools);
  const [plainTemplate, toolTemplate] = [new Template(source), new Template(forTools)];
  const takesTools = /\btools\b/.test(forTools);
  const addsBeginning = addsBeginningOf(tokenizer, settings);
  const applied = (request: PromptRequest, isWritten: boolean): string => {
    const { messages, tools = [] } = request;
    const asText = withToolsAsText(request, { format, plain }).map(({ role, text }) => ({ role, content: text }));
    return (tools.length > 0 ? toolTemplate : plainTemplate).render({
      messages: isWritten ? asText : messages.map((message) => messageOf(message, plain)),
      ...(isWritten || tools.length === 0 ? {} : { tools: tools.map(functionOf) }),
      add_generation_prompt: true,
      bos_token: settings.bos_token,
      eos_token: settings.eos_token,
      // Nobody waits on the telephone while a model thinks aloud.
      enable_thinking: false,
      // Llama 3 would put them into the first message behind the system's, which here is the agent's own greeting.
      tools_in_user_message: false,
    });
  };
  const renderPrompt = (request: PromptRequest): string => {
    const prompt = firstThatRenders(request, (candidate) => applied(candidate, !takesTools && hasTools(candidate)));
    return addsBeginning && prompt.startsWith(settings.bos_token) ? prompt.slice(settings.bos_token.length) : prompt;
  };
  const known = new Set([settings.eos_token, ...added.map(({ content }) => content)]);
  // Llama 3 ends a turn with a call by a token of its own, which its template never writes.
  const ends = TURN_ENDS.filter((end) => known.has(end) || forTools.includes(end) || (format === 'llama3' && end === '<|eom_id|>'));
  const stopTexts = [...new Set([settings.eos_token, ...ends])];
  return {
    renderPrompt,
    stopTexts: stopTexts.filter((text) => text !== ''),
    toolFormat: format,
    ...(tokenizer === null ? {} : { countTokens: counterOf(tokenizer) }),
  };
}

function hasTools({ messages, tools = [] }: PromptRequest): boolean {
  return tools.length > 0 || messages.some(({ role }) => role === 'tool');
}

/** Templates refuse what their model was not trained on; the same conversation is then put in a plainer form. Throws the first refusal. */
function firstThatRenders(request: PromptRequest, render: (candidate: PromptRequest) => string): string {
  try {
    return render(request);
  } catch (refusal) {
    for (const form of [withSingleCalls, withTurnsInOrder]) {
      try {
        return render({ ...request, messages: form(request.messages) });
      } catch {
        // The next form is plainer; what the template said about the conversation as it is tells more.
      }
    }
    throw new Error('the chat template of LANGUAGE_MODEL_DIR cannot take this conversation', { cause: refusal });
  }
}

/** The server's tokenizer puts the beginning token before a raw prompt: one of the template's would be a second one, which spoils answers. */
function addsBeginningOf(tokenizer: FolderTokenizer | null, { bos_token: beginning }: Settings): boolean {
  if (beginning === '') return false;
  return tokenizer === null || tokenizer.encode('a').tokens[0] === beginning;
}

function counterOf(tokenizer: FolderTokenizer): (text: string) => number {
  const counted = new LRUCache<string, number>({ max: COUNTED_TEXTS_MAX });
  return (text) => {
    const known = counted.get(text);
    if (known !== undefined) return known;
    const count = tokenizer.encode(text, { add_special_tokens: false }).ids.length;
    counted.set(text, count);
    return count;
  };
}

function toolFormatOf(template: string): ToolFormat {
  if (template.includes('[TOOL_CALLS]')) return 'mistral';
  if (!template.includes('<tool_call>') && template.includes('<|start_header_id|>')) return 'llama3';
  return 'hermes';
}

/** A message as templates expect it: OpenAI's form, with arguments as an object, because templates print them with `tojson`. */
function messageOf(message: ModelMessage, plain: (text: string) => string): Readonly<Record<string, unknown>> {
  const content = plain(message.text);
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.callId, name: message.name, content };
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  if (calls.length === 0) return { role: message.role, content };
  return {
    role: message.role,
    content,
    tool_calls: calls.map((call) => ({
      type: 'function',
      id: call.id,
      function: { name: call.name, arguments: argumentsOf(call, plain) },
    })),
  };
}

function namedTemplate({ chat_template: templates }: Settings, name: string): string | null {
  if (typeof templates === 'string') return name === 'default' ? templates : null;
  return templates?.find((template) => template.name === name)?.template ?? null;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`${path} cannot be read; LANGUAGE_MODEL_DIR must be the folder of the weights that the server runs`, { cause });
  });
  return parseJson(text, path);
}

function parseJson(text: string, path: string): object {
  try {
    return JSON.parse(text) as object;
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause });
  }
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
