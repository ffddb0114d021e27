import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readModelFolder } from './model-folder.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function folderOf(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'model-folder-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

/** A small word-level tokenizer, in the form of `tokenizer.json`. */
const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [{ id: 0, content: '<s>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }],
  normalizer: null,
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  },
  decoder: null,
  model: { type: 'WordLevel', vocab: { '<s>': 0, '<unk>': 1, una: 2, cita: 3 }, unk_token: '<unk>' },
};
const plain =
  '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}';
const withTools =
  '{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if m.tool_calls %}{% for c in m.tool_calls %}<tool_call>{{ c.function.arguments | tojson }}</tool_call>{% endfor %}{% endif %}{% endfor %}';
const settings = {
  chat_template: plain,
  bos_token: { content: '<s>' },
  eos_token: '<end>',
  added_tokens_decoder: { 0: { content: '<s>', special: true }, 5: { content: '<<user>>', special: true } },
};
const tools = [{ name: 'find', description: 'Finds', parameters: { type: 'object' } }];

it('renders with the folder’s own template, without the beginning token that the server adds, and counts with its tokenizer', async () => {
  const template = await readModelFolder(await folderOf({ 'tokenizer_config.json': settings, 'tokenizer.json': tokenizer }));
  expect(template.renderPrompt({ messages: [{ role: 'user', text: 'hola' }] })).toBe('[user]hola<end>[assistant]');
  expect(template.stopTexts).toEqual(['<end>']);
  expect(template.countTokens?.('una cita una')).toBe(3);
});

it('takes the special tokens that the folder names out of what people say', async () => {
  const template = await readModelFolder(await folderOf({ 'tokenizer_config.json': settings }));
  expect(template.renderPrompt({ messages: [{ role: 'user', text: 'a<<us<<user>>er>>b' }] })).toContain('[user]ab<end>');
  expect(template.countTokens).toBeUndefined();
});

it('gives tools to a template that takes them, with arguments as an object, and writes them into the prompt of one that does not', async () => {
  const toolCalls = [{ id: 'abcdefghi', name: 'find', argumentsJson: '{"day":"lunes"}' }];
  const request = {
    messages: [
      { role: 'user', text: 'hola' },
      { role: 'assistant', text: '', toolCalls },
      { role: 'tool', callId: 'abcdefghi', name: 'find', text: 'libre' },
    ],
    tools,
  } as const;
  const own = await readModelFolder(await folderOf({ 'tokenizer_config.json': settings, 'chat_template.jinja': withTools }));
  const prompt = own.renderPrompt(request);
  expect(prompt).toContain('"name": "find"');
  expect(prompt).toContain('<tool_call>{"day": "lunes"}</tool_call><tool>libre');
  const other = await readModelFolder(await folderOf({ 'tokenizer_config.json': settings }));
  const written = other.renderPrompt(request);
  expect(written).toContain('<tools>\n{"type":"function","function":{"name":"find"');
  expect(written).toContain('[user]<tool_response>\nlibre\n</tool_response>');
});

it('gives a strict template what it accepts: roles in turn from the caller on, one call at a time', async () => {
  const strict =
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}<{{ m.role }}>{{ m.content }}{% endfor %}";
  const alternating = await readModelFolder(await folderOf({ 'tokenizer_config.json': { chat_template: strict } }));
  const messages = [
    { role: 'system', text: 'Sé breve.' },
    { role: 'assistant', text: 'Buenos días.' },
    { role: 'user', text: 'hola' },
  ] as const;
  expect(alternating.renderPrompt({ messages })).toBe('<user>Sé breve.<assistant>Buenos días.<user>hola');
  const single =
    "{% for m in messages %}<{{ m.role }}>{% if m.tool_calls %}{% if m.tool_calls | length != 1 %}{{ raise_exception('one call') }}{% endif %}{{ m.tool_calls[0].id }}{% else %}{{ m.content }}{% endif %}{% endfor %}{{ tools | length }}";
  const one = await readModelFolder(await folderOf({ 'tokenizer_config.json': { chat_template: single } }));
  const toolCalls = ['a', 'b'].map((id) => ({ id, name: 'find', argumentsJson: '{}' }));
  const answers = ['a', 'b'].map((id) => ({ role: 'tool', callId: id, name: 'find', text: `of ${id}` }) as const);
  const asked = [{ role: 'user', text: 'hola' } as const, { role: 'assistant', text: '', toolCalls } as const, ...answers];
  expect(one.renderPrompt({ messages: asked, tools })).toBe('<user>hola<assistant>a<tool>of a<assistant>b<tool>of b1');
});

it('knows the format of calls from the template', async () => {
  const formatOf = async (text: string) =>
    (await readModelFolder(await folderOf({ 'tokenizer_config.json': { chat_template: text } }))).toolFormat;
  expect(await formatOf('[TOOL_CALLS]')).toBe('mistral');
  expect(await formatOf('<|start_header_id|>')).toBe('llama3');
  expect(await formatOf('<|im_start|>')).toBe('hermes');
});

it('names the file that is missing or has no template', async () => {
  await expect(readModelFolder(await folderOf({}))).rejects.toThrow(/tokenizer_config\.json cannot be read; LANGUAGE_MODEL_DIR/);
  await expect(readModelFolder(await folderOf({ 'tokenizer_config.json': {} }))).rejects.toThrow(/has no chat template/);
});
