// The tokens by which chat templates and tool formats mark who speaks: in a text that somebody else wrote, an attempt to speak as another role.

/**
 * `<|…|>` of Qwen, Llama 3 and Phi; the ends of Llama 2 and Gemma; Hermes' tags, and the tags of roles and tools that models take for such;
 * `[…]` of Mistral. In any case, though a tokenizer knows one: a model reads `[Inst]` as well.
 */
export const CONTROL_TOKENS = new RegExp(
  [
    String.raw`<\|[^|>]{0,64}\|>`,
    '</?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|tools?|tool_calls?|tool_response|function(?:_call)?|system|user|assistant)>',
    '<</?SYS>>',
    String.raw`\[/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|TOOL_CONTENT|ARGS|CALL_ID|THINK)\]`,
  ].join('|'),
  'gi',
);
