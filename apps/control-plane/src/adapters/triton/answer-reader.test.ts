import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import type { ToolFormat } from './tool-format.ts';

type Read = { text: string; calls: { name: string; arguments: string }[] };

/** What a reader makes of an answer that comes in the given pieces. */
function read(pieces: readonly string[], format: ToolFormat, options: { canCall?: boolean; startsInThought?: boolean } = {}): Read {
  const reader = new AnswerReader({ format, canCall: options.canCall ?? true, startsInThought: options.startsInThought ?? false });
  const result: Read = { text: '', calls: [] };
  for (const part of [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()]) {
    if (part.kind === 'text_delta') result.text += part.textDelta;
    else result.calls.push({ name: part.call.name, arguments: part.call.argumentsJson });
  }
  return result;
}

const find = { name: 'find', arguments: '{"day":"lunes"}' };
const book = { name: 'book', arguments: '{"at":"10:00","note":"a } b"}' };

/** An answer of each family and what it means. */
const answers: readonly { format: ToolFormat; answer: string; text: string; calls: readonly { name: string; arguments: string }[] }[] = [
  {
    format: 'hermes',
    answer: 'Déjeme ver.<tool_call>\n{"name": "find", "arguments": {"day": "lunes"}}\n</tool_call><|im_end|>',
    text: 'Déjeme ver.',
    calls: [find],
  },
  {
    format: 'hermes',
    answer:
      '<tool_call>{"name":"find","arguments":{"day":"lunes"}}</tool_call><tool_call>{"name":"book","arguments":{"at":"10:00","note":"a } b"}}</tool_call>',
    text: '',
    calls: [find, book],
  },
  { format: 'hermes', answer: '<think>I must look.</think>Son 3 < 4 euros.', text: 'Son 3 < 4 euros.', calls: [] },
  { format: 'llama3', answer: '{"name": "find", "parameters": {"day": "lunes"}}<|eom_id|>', text: '', calls: [find] },
  {
    format: 'llama3',
    answer: '<|python_tag|>{"name": "find", "parameters": {"day": "lunes"}}; {"name": "book", "parameters": {"at":"10:00","note":"a } b"}}',
    text: '',
    calls: [find, book],
  },
  { format: 'llama3', answer: '<|python_tag|>find.call(day="lunes")<|eom_id|>', text: '', calls: [find] },
  { format: 'llama3', answer: "[find(day='lunes'), book(at=\"10:00\", note='a } b')]<|eot_id|>", text: '', calls: [find, book] },
  { format: 'llama3', answer: '[sic] No lo sé.', text: '[sic] No lo sé.', calls: [] },
  { format: 'mistral', answer: '[TOOL_CALLS] [{"name": "find", "arguments": {"day": "lunes"}}]</s>', text: '', calls: [find] },
  {
    format: 'mistral',
    answer: 'Veo.[TOOL_CALLS]find[ARGS]{"day":"lunes"}[TOOL_CALLS]book[ARGS]{"at":"10:00","note":"a } b"}',
    text: 'Veo.',
    calls: [find, book],
  },
];

describe('answer reader', () => {
  it('reads words and calls of every family, however the answer is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...answers),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 }),
        (expected, sizes) => {
          const pieces: string[] = [];
          for (let at = 0, piece = 0; at < expected.answer.length; piece++) {
            const size = sizes[piece % sizes.length] ?? 1;
            pieces.push(expected.answer.slice(at, at + size));
            at += size;
          }
          const { text, calls } = read(pieces, expected.format);
          expect({ text, calls }).toEqual({ text: expected.text, calls: expected.calls });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes a bare object for a call when tools were offered, and for the answer itself when none were', () => {
    const answer = '```json\n{"name":"find","arguments":{"day":"lunes"}}\n```';
    expect(read([answer], 'hermes')).toEqual({ text: '', calls: [find] });
    expect(read(['{"mood":', '"good"}'], 'hermes', { canCall: false })).toEqual({ text: '{"mood":"good"}', calls: [] });
  });

  it('hands a broken call on as it was written, with the name if there is one', () => {
    expect(read(['<tool_call>{"name": "find", "arguments": {"day": }}</tool_call>'], 'hermes').calls).toEqual([
      { name: 'find', arguments: '{"name": "find", "arguments": {"day": }}' },
    ]);
    expect(read(['<tool_call>nonsense'], 'hermes').calls).toEqual([{ name: '', arguments: 'nonsense' }]);
  });

  it('never speaks thoughts, not even those that the template opened', () => {
    expect(read(['hmm, the caller ', 'wants</th', 'ink>\n\nSí.'], 'hermes', { startsInThought: true }).text.trim()).toBe('Sí.');
    expect(read(['<think>for ever and ever'], 'hermes').text).toBe('');
  });

  it('gives a call up that never ends, and speaks nothing behind it', () => {
    const { text, calls } = read(['<tool_call>', ...Array.from({ length: 40 }, () => 'x'.repeat(1_000)), 'Hola'], 'hermes');
    expect({ text, calls: calls.length }).toEqual({ text: '', calls: 1 });
  });

  it('speaks a lone angle bracket once it is clear that no marker follows', () => {
    expect(read(['a <', ' b <tool', ' c'], 'hermes').text).toBe('a < b <tool c');
  });
});
