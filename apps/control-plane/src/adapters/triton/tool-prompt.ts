// Shows tools to a model in words, where its template has no place for them: each family was trained on a wording of its own.
import type { ModelMessage, ModelTool, ModelToolCall } from '#ports/language-model.ts';
import type { PromptRequest, ToolFormat } from './tool-format.ts';

/** A message that any template can take. */
export type PlainMessage = { readonly role: string; readonly text: string };

/** The conversation with tools, their calls and their outcomes as text. `plain` cleans what others than us wrote. */
export function withToolsAsText(
  { messages, tools = [] }: PromptRequest,
  { format, plain }: { format: ToolFormat; plain: (text: string) => string },
): readonly PlainMessage[] {
  const out: PlainMessage[] = [];
  const offer = tools.length === 0 ? '' : offerOf(tools, format);
  if (offer !== '' && messages[0]?.role !== 'system') out.push({ role: 'system', text: offer.trimStart() });
  for (const [index, message] of messages.entries()) {
    const text = plain(message.text);
    if (index === 0 && message.role === 'system') out.push({ role: 'system', text: `${text}${offer}` });
    else if (message.role === 'assistant')
      out.push({ role: 'assistant', text: withCalls(text, message.toolCalls ?? [], { format, plain }) });
    else if (message.role === 'tool') pushOutcome(out, { message, text, format });
    else out.push({ role: message.role, text });
  }
  return out;
}

/** The arguments of a call as an object; what is none counts as no arguments. */
export function argumentsOf(call: ModelToolCall, plain: (text: string) => string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(plain(call.argumentsJson));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A tool in the form that OpenAI's API made common; every template's `tools` is a list of these. */
export function functionOf({ name, description, parameters }: ModelTool): Readonly<Record<string, unknown>> {
  return { type: 'function', function: { name, description, parameters } };
}

function offerOf(tools: readonly ModelTool[], format: ToolFormat): string {
  const lines = tools.map((tool) => JSON.stringify(functionOf(tool))).join('\n');
  if (format === 'llama3') {
    return `\n\nYou have access to the following functions. To call a function, respond with nothing but JSON of the form {"name": function name, "parameters": dictionary of argument name and its value}. Do not use variables.\n\n${lines}`;
  }
  return `\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n${lines}\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>`;
}

function withCalls(
  text: string,
  calls: readonly ModelToolCall[],
  { format, plain }: { format: ToolFormat; plain: (text: string) => string },
): string {
  const written = calls.map((call) => {
    const args = argumentsOf(call, plain);
    if (format === 'llama3') return JSON.stringify({ name: call.name, parameters: args });
    return `<tool_call>\n${JSON.stringify({ name: call.name, arguments: args })}\n</tool_call>`;
  });
  return [...(text === '' ? [] : [text]), ...written].join('\n');
}

function pushOutcome(
  out: PlainMessage[],
  { message, text, format }: { message: Extract<ModelMessage, { role: 'tool' }>; text: string; format: ToolFormat },
): void {
  if (format === 'llama3') {
    out.push({ role: 'ipython', text: JSON.stringify({ output: text }) });
    return;
  }
  const response = `<tool_response>\n${text}\n</tool_response>`;
  const last = out.at(-1);
  // Outcomes of calls made together come in one message, as these models saw them in training.
  if (last?.role === 'user' && last.text.endsWith('</tool_response>') && message.role === 'tool')
    out[out.length - 1] = { role: 'user', text: `${last.text}\n${response}` };
  else out.push({ role: 'user', text: response });
}
