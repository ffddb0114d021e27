// Holds a model's answer against the call: a value stands only when turns show it that exist, and are the caller's where it is about the caller.
import type { StoredField, StoredOutcomeNote } from '#db/schema/call-outcomes.ts';
import { plainWords } from '#shared/plain-words.ts';
import { storable } from '#shared/storable.ts';
import { isFunctionWord } from '#shared/text-language.ts';
import type { CallLine, FinishedCall, Outcome, Shown } from './outcome.ts';
import type { OutcomeAnswer } from './outcome-question.ts';
import { shownLines } from './outcome-question.ts';

type Answered<Value> = { readonly value: Value | null; readonly turns: readonly number[] } | undefined;
/** What is wrong with a value that these lines are to show; null when nothing is. */
type Check<Value> = (value: Value, named: readonly CallLine[]) => string | null;

/** Of a text, the share of its words that the turns must hold: a model puts what it heard in order and corrects it, and invents all of it or nothing. */
const SAID_SHARE_MIN = 0.5;
/** Words that begin alike are the same here: "cleaning" was said by who said "clean". */
const STEM_CHARACTERS = 5;

/** The outcome of a call by a model's answer. What is not shown by a turn of the call is dropped, with a note. */
export function outcomeOfAnswer(call: FinishedCall, answer: OutcomeAnswer): Outcome {
  const shown = shownLines(call.lines);
  const lines = new Map(shown.lines.map((line) => [line.seq, line]));
  const notes: StoredOutcomeNote[] = [];
  if (shown.isShortened) notes.push({ about: 'transcript', reason: 'the call is long: the model was shown its beginning and its end' });

  function checked<Value>(about: string, answered: Answered<Value>, problemOf: Check<Value> = () => null): Shown<Value> | null {
    if (answered === undefined || answered.value === null) return null;
    const turns = [...new Set(answered.turns)].toSorted((a, b) => a - b);
    const named = turns.flatMap((seq) => lines.get(seq) ?? []);
    const missing = turns.filter((seq) => !lines.has(seq));
    const problem =
      turns.length === 0
        ? 'no turn was named that shows it'
        : missing.length > 0
          ? `turn ${missing.join(', ')} was named to show it and is not in the call`
          : problemOf(answered.value, named);
    // A model may write characters that no database takes.
    if (problem === null) return { value: storable(answered.value), turns };
    notes.push({ about, reason: `dropped: ${problem}` });
    return null;
  }

  const fields: StoredField[] = [];
  for (const { name, type, remember = false } of call.afterCall.fields) {
    const field = checked(`field:${name}`, answer.fields[name], (value, named) => {
      // What is remembered of a caller is what they said, not what the agent took for it.
      return (remember ? problemOfSide(named) : null) ?? (type === 'text' ? problemOfWords(String(value), named) : null);
    });
    if (field) fields.push({ name, ...field });
  }
  return {
    method: 'language_model',
    summary: checked('summary', answer.summary),
    sentiment: checked('sentiment', answer.sentiment, (_value, named) => problemOfSide(named)),
    disposition: checked<string>('disposition', answer.disposition),
    fields,
    notes,
  };
}

function problemOfSide(named: readonly CallLine[]): string | null {
  return named.some(({ role }) => role === 'caller') ? null : `turn ${seqsOf(named)} is not the caller's`;
}

/** A number may be said in words, and what only joins words is said anywhere: the others are looked for. */
function problemOfWords(text: string, named: readonly CallLine[]): string | null {
  const wanted = plainWords(text).filter((word) => !/^\p{N}+$/u.test(word) && !isFunctionWord(word));
  const said = new Set(named.flatMap((line) => plainWords(line.text).map(stemOf)));
  const held = wanted.filter((word) => said.has(stemOf(word))).length;
  return held >= wanted.length * SAID_SHARE_MIN ? null : `its words are not said in turn ${seqsOf(named)}`;
}

function stemOf(word: string): string {
  return word.slice(0, STEM_CHARACTERS);
}

function seqsOf(lines: readonly CallLine[]): string {
  return lines.map(({ seq }) => seq).join(', ');
}
