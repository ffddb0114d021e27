// Tells a model's words from its calls of tools while they stream, so that half a marker is never spoken.
import { randomInt } from 'node:crypto';
import type { ModelPart } from '#ports/language-model.ts';
import { callsIn } from './tool-calls.ts';
import type { ToolFormat } from './tool-format.ts';

/** A call longer than this is no call: the longest arguments of a tool of ours are a message of 2,000 characters. */
const CALL_CHARACTERS_MAX = 16_000;
/** Letters and digits of a call's id: Mistral's template takes 9 of them, the others anything. */
const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_CHARACTERS = 9;

type Part = Extract<ModelPart, { kind: 'text_delta' | 'tool_call' }>;
/** What follows a marker. A `run` of calls lasts to the end of the answer. */
type Mode = 'text' | 'tagged_call' | 'run_of_calls' | 'thought' | 'lost';
type Marker = { readonly text: string; readonly opens: Mode };

const THOUGHT: Marker = { text: '<think>', opens: 'thought' };
const THOUGHT_END = '</think>';
const CALL_END = '</tool_call>';
const CALLS: Readonly<Record<ToolFormat, readonly Marker[]>> = {
  hermes: [{ text: '<tool_call>', opens: 'tagged_call' }],
  llama3: [{ text: '<|python_tag|>', opens: 'run_of_calls' }],
  mistral: [{ text: '[TOOL_CALLS]', opens: 'run_of_calls' }],
};
/** Ends of a turn that a server may let through. */
const ENDS: readonly Marker[] = ['<|im_end|>', '<|endoftext|>', '<|eot_id|>', '<|eom_id|>', '</s>'].map((text) => ({
  text,
  opens: 'text',
}));

/** How the answer may be written. */
export type AnswerForm = {
  readonly format: ToolFormat;
  /** False where no tools were offered: then an answer may begin with a brace (structured output), and every text is text. */
  readonly canCall: boolean;
  /** For templates that open the model's thoughts themselves. */
  readonly startsInThought: boolean;
};

/** Reads one answer as it comes: `push` for each piece, `end` once behind the last. Both give what is certain by then. */
export class AnswerReader {
  readonly #form: AnswerForm;
  readonly #markers: readonly Marker[];
  #mode: Mode;
  #held = '';
  #isAtStart = true;
  #parts: Part[] = [];

  constructor(form: AnswerForm) {
    this.#form = form;
    this.#markers = [THOUGHT, ...ENDS, ...(form.canCall ? CALLS[form.format] : [])];
    this.#mode = form.startsInThought ? 'thought' : 'text';
  }

  push(textDelta: string): readonly Part[] {
    this.#held += textDelta;
    while (this.#step());
    return this.#take();
  }

  end(): readonly Part[] {
    const rest = this.#held;
    this.#held = '';
    if (this.#mode === 'text') this.#say(rest);
    else if ((this.#mode === 'tagged_call' || this.#mode === 'run_of_calls') && rest.trim() !== '') this.#call(withoutEnds(rest));
    return this.#take();
  }

  /** False when more text is needed. */
  #step(): boolean {
    switch (this.#mode) {
      case 'text':
        return this.#stepInText();
      case 'thought': {
        const end = this.#held.indexOf(THOUGHT_END);
        this.#drop(end === -1 ? this.#held.length - heldBack(this.#held, [THOUGHT_END]) : end + THOUGHT_END.length);
        if (end !== -1) this.#mode = 'text';
        return end !== -1;
      }
      case 'tagged_call': {
        const end = this.#held.indexOf(CALL_END);
        if (end === -1) return this.#giveUpIfTooLong();
        this.#call(this.#drop(end));
        this.#drop(CALL_END.length);
        this.#mode = 'text';
        return true;
      }
      case 'run_of_calls':
        return this.#giveUpIfTooLong();
      case 'lost':
        this.#held = '';
        return false;
    }
  }

  #stepInText(): boolean {
    const { canCall, format } = this.#form;
    if (canCall && this.#isAtStart) {
      if (mayOpenCall(this.#held, format)) return false;
      if (opensCall(this.#held, format)) {
        this.#mode = 'run_of_calls';
        return true;
      }
    }
    const found = firstMarker(this.#held, this.#markers);
    if (found === null) {
      const texts = this.#markers.map(({ text }) => text);
      this.#say(this.#drop(this.#held.length - heldBack(this.#held, texts)));
      return false;
    }
    this.#say(this.#drop(found.at));
    this.#drop(found.marker.text.length);
    this.#mode = found.marker.opens;
    return true;
  }

  #giveUpIfTooLong(): boolean {
    if (this.#held.length <= CALL_CHARACTERS_MAX) return false;
    this.#call(this.#drop(CALL_CHARACTERS_MAX));
    this.#mode = 'lost';
    return true;
  }

  /** Takes that many characters away from the front, and returns them. */
  #drop(length: number): string {
    const dropped = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return dropped;
  }

  #say(textDelta: string): void {
    if (textDelta.trim() !== '') this.#isAtStart = false;
    if (textDelta !== '') this.#parts.push({ kind: 'text_delta', textDelta });
  }

  #call(text: string): void {
    this.#isAtStart = false;
    for (const written of callsIn(text)) this.#parts.push({ kind: 'tool_call', call: { id: newCallId(), ...written } });
  }

  #take(): readonly Part[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }
}

/** Models forget their markers: an answer that begins like a call is one, and braces are never spoken. */
function opensCall(text: string, format: ToolFormat): boolean {
  const start = text.trimStart();
  return start.startsWith('{') || (format === 'llama3' && /^\[\s*[\p{L}_]\w*\s*\(/u.test(start)) || start.startsWith('```');
}

/** Too little to tell: nothing yet, or the beginning of a list or a fence. */
function mayOpenCall(text: string, format: ToolFormat): boolean {
  const start = text.trimStart();
  return start === '' || start === '`' || start === '``' || (format === 'llama3' && /^\[\s*[\p{L}_\w]{0,64}\s*$/u.test(start));
}

function firstMarker(text: string, markers: readonly Marker[]): { at: number; marker: Marker } | null {
  let first: { at: number; marker: Marker } | null = null;
  for (const marker of markers) {
    const at = text.indexOf(marker.text);
    if (at !== -1 && (first === null || at < first.at)) first = { at, marker };
  }
  return first;
}

/** How many characters at the end of `text` may be the beginning of a marker. */
function heldBack(text: string, markers: readonly string[]): number {
  let longest = 0;
  for (const marker of markers) {
    for (let length = Math.min(marker.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(marker.slice(0, length))) longest = length;
    }
  }
  return longest;
}

function withoutEnds(text: string): string {
  const cleaned = ENDS.reduce((rest, { text: end }) => rest.replaceAll(end, ''), text);
  return cleaned.replaceAll(/^\s*```(?:json|python|tool_call)?|```\s*$/g, '');
}

function newCallId(): string {
  return Array.from({ length: ID_CHARACTERS }, () => ID_ALPHABET.charAt(randomInt(ID_ALPHABET.length))).join('');
}
