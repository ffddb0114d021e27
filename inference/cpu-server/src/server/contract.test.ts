import { expect, test } from 'vitest';
import { textTensor, type Tensor } from 'triton-client-grpc-generated';
import { contractViolation, readContract } from './contract.ts';

const { inputs } = readContract('speech_to_text');
const audio = (length: number): Tensor => ({ name: 'AUDIO', datatype: 'INT16', shape: [1, length], values: new Int16Array(length) });
const language = textTensor('LANGUAGE', ['es']);
const hints = textTensor('HINTS', []);

test('every role has a contract whose file names that role', () => {
  for (const role of ['speech_to_text', 'text_to_speech', 'language_model'] as const) expect(readContract(role).role).toBe(role);
});

test('inputs within the contract pass, also with no hints and no audio', () => {
  expect(contractViolation(inputs, [audio(0), language, hints])).toBeNull();
  expect(contractViolation(inputs, [hints, language, audio(480_000)])).toBeNull();
});

test.each<[string, Tensor[], string]>([
  ['a missing tensor', [audio(1), language], 'tensor HINTS (BYTES [1,-1]) is missing'],
  [
    'an unknown tensor',
    [audio(1), language, hints, textTensor('PROMPT', ['x'])],
    'unknown tensor PROMPT: expected AUDIO, LANGUAGE, HINTS, TIMESTAMPS',
  ],
  ['a tensor given twice', [audio(1), audio(2), language, hints], 'tensor AUDIO is given 2 times'],
  [
    'another datatype',
    [{ name: 'AUDIO', datatype: 'FP32', shape: [1, 1], values: new Float32Array(1) }, language, hints],
    'tensor AUDIO is FP32, must be INT16',
  ],
  ['another shape', [audio(1), textTensor('LANGUAGE', ['es'], [1]), hints], 'tensor LANGUAGE has shape [1], must be [1,1]'],
  ['more than 30 s', [audio(480_001), language, hints], 'tensor AUDIO has 480001 elements, the limit is 480000'],
  [
    'a long text',
    [audio(1), language, textTensor('HINTS', ['x'.repeat(201)])],
    'tensor HINTS has a text of 201 characters, the limit is 200',
  ],
])('%s is named with the limit', (...[, tensors, message]) => {
  expect(contractViolation(inputs, tensors)).toBe(message);
});

test('a number outside its range, or none at all, is refused', () => {
  const speech = readContract('text_to_speech').inputs;
  const at = (speed: number): Tensor[] => [
    textTensor('TEXT', ['a']),
    textTensor('LANGUAGE', ['es']),
    textTensor('VOICE', ['']),
    { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(speed) },
  ];
  expect(contractViolation(speech, at(2))).toBeNull();
  expect(contractViolation(speech, at(9))).toBe('tensor SPEED holds 9, must be between 0.5 and 2');
  expect(contractViolation(speech, at(Number.NaN))).toBe('tensor SPEED holds NaN, must be between 0.5 and 2');
});
