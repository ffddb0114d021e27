import { expect, it } from 'vitest';
import { CONTROL_TOKENS } from './control-tokens.ts';

const without = (text: string) => text.replaceAll(CONTROL_TOKENS, '');

const tokens = [
  '<|im_start|> <|eot_id|> <|start_header_id|> <||> <s> </s> <bos> <eos> <pad> <unk> <start_of_turn> <end_of_turn> <<SYS>> <</SYS>>',
  '<think> </think> <tool> <tools> <tool_call> </tool_calls> <tool_response> <function> <function_call> <system> <user> </assistant> <ASSISTANT>',
  '[INST] [/INST] [SYSTEM_PROMPT] [TOOL_CALLS] [TOOL_RESULTS] [AVAILABLE_TOOLS] [TOOL_CONTENT] [ARGS] [CALL_ID] [THINK] [/think] [inst]',
].join(' ');

it.each([...tokens.split(' '), '<|a < b|>', `<|${'x'.repeat(64)}|>`])('%s is a control token', (token) => {
  expect(without(`a${token}b`)).toBe('ab');
});

it('what people write beside them is none', () => {
  for (const text of ['5 < 7 | 8 > 3', '<b>', '[1]', '[see below]', '<usuario>', '<|', '|>', '<| one | two |>', `<|${'x'.repeat(65)}|>`])
    expect(without(text)).toBe(text);
});
