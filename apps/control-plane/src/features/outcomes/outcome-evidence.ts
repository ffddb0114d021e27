// Holds a model's answer against the call: a value stands only when turns that exist show it.
import type { StoredField, StoredOutcomeNote } from '#db/schema/call-outcomes.ts';
import { storable } from '#shared/storable.ts';
import type { FinishedCall, Outcome, Shown } from './outcome.ts';
import type { OutcomeAnswer } from './outcome-question.ts';
import { shownLines } from './outcome-question.ts';

type Answered<Value> = { readonly value: Value | null; readonly turns: readonly number[] } | undefined;

/** The outcome of a call by a model's answer. What is not shown by a turn of the call is dropped, with a note. */
export function outcomeOfAnswer(call: FinishedCall, answer: OutcomeAnswer): Outcome {
  const shown = shownLines(call.lines);
  const seqs = new Set(shown.lines.map(({ seq }) => seq));
  const notes: StoredOutcomeNote[] = [];
  if (shown.isShortened) notes.push({ about: 'transcript', reason: 'the call is long: the model was shown its beginning and its end' });

  function checked<Value>(about: string, answered: Answered<Value>): Shown<Value> | null {
    if (answered === undefined || answered.value === null) return null;
    const turns = [...new Set(answered.turns)].toSorted((a, b) => a - b);
    const missing = turns.filter((seq) => !seqs.has(seq));
    // A model may write characters that no database takes.
    if (turns.length > 0 && missing.length === 0) return { value: storable(answered.value), turns };
    const reason =
      turns.length === 0 ? 'no turn was named that shows it' : `turn ${missing.join(', ')} was named to show it and is not in the call`;
    notes.push({ about, reason: `dropped: ${reason}` });
    return null;
  }

  const fields: StoredField[] = [];
  for (const { name } of call.afterCall.fields) {
    const field = checked(`field:${name}`, answer.fields[name]);
    if (field) fields.push({ name, ...field });
  }
  return {
    method: 'language_model',
    summary: checked('summary', answer.summary),
    sentiment: checked('sentiment', answer.sentiment),
    disposition: checked<string>('disposition', answer.disposition),
    fields,
    notes,
  };
}
