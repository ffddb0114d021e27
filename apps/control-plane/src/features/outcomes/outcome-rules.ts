// What a call came to, by what happened in it: for a box without a language model. It says what is known and leaves out the rest.
import type { StoredField, StoredOutcomeNote } from '#db/schema/call-outcomes.ts';
import type { AfterCallField } from '#ports/after-call.ts';
import { isSpanish } from '#shared/text-language.ts';
import type { FinishedCall, Outcome, Shown } from './outcome.ts';

type Words = {
  readonly ended: Readonly<Record<string, string>>;
  readonly unknownEnd: string;
  readonly duration: (minutes: number, seconds: number) => string;
  readonly turns: (caller: number) => string;
  readonly nodes: (names: string) => string;
};

const spanish: Words = {
  ended: {
    completed: 'la despedida se completó',
    caller_hung_up: 'colgó quien llamó',
    transferred: 'la llamada se pasó a una persona',
    no_input: 'no se oyó a nadie',
    max_duration: 'se llegó a la duración máxima',
    failed: 'hubo un fallo técnico',
  },
  unknownEnd: 'no consta cómo terminó',
  duration: (minutes, seconds) => `La llamada duró ${minutes > 0 ? `${minutes} min ` : ''}${seconds} s`,
  turns: (caller) => (caller === 1 ? 'Quien llamó habló una vez.' : `Quien llamó habló ${caller} veces.`),
  nodes: (names) => `Pasó por: ${names}.`,
};
const english: Words = {
  ended: {
    completed: 'the goodbye was said',
    caller_hung_up: 'the caller hung up',
    transferred: 'the call was passed to a person',
    no_input: 'nobody was heard',
    max_duration: 'the longest duration was reached',
    failed: 'there was a technical fault',
  },
  unknownEnd: 'how it ended is not known',
  duration: (minutes, seconds) => `The call took ${minutes > 0 ? `${minutes} min ` : ''}${seconds} s`,
  turns: (caller) => (caller === 1 ? 'The caller spoke once.' : `The caller spoke ${caller} times.`),
  nodes: (names) => `It passed: ${names}.`,
};

/** Nodes named in a summary; a call that goes round in circles names no more. */
const MAX_NAMED_NODES = 12;

/** The outcome of a call by rules. `notes` say why no model was asked, or why its answer was not taken. */
export function outcomeByRules(call: FinishedCall, notes: readonly StoredOutcomeNote[] = []): Outcome {
  const { fields, missing } = fieldsFromSlots(call);
  return {
    method: 'rules',
    summary: { value: summaryOf(call), turns: [] },
    // What somebody feels is not to be had by a rule.
    sentiment: null,
    disposition: dispositionOf(call),
    fields,
    notes: [...notes, ...missing],
  };
}

function summaryOf({ language, outcome, durationMs, lines, nodes }: FinishedCall): string {
  const words = isSpanish(language) ? spanish : english;
  const seconds = Math.round((durationMs ?? 0) / 1_000);
  const end = (outcome !== null ? words.ended[outcome] : undefined) ?? words.unknownEnd;
  const caller = lines.filter(({ role }) => role === 'caller').length;
  const names = [...new Set(nodes.map(({ name }) => name))].slice(0, MAX_NAMED_NODES);
  return [
    `${words.duration(Math.floor(seconds / 60), seconds % 60)}; ${end}.`,
    words.turns(caller),
    ...(names.length > 0 ? [words.nodes(names.join(', '))] : []),
  ].join(' ');
}

/** The node that was reached last decides; without one that is named, how the call ended. */
function dispositionOf({ afterCall: { dispositions }, nodes, outcome, lines }: FinishedCall): Shown<string> | null {
  for (const { name: node, at } of nodes.toReversed()) {
    const byNode = dispositions.find(({ nodes: named = [] }) => named.includes(node));
    if (!byNode) continue;
    const before = lines.findLast((line) => line.startedAt.getTime() <= at.getTime()) ?? lines.at(0);
    return before ? { value: byNode.name, turns: [before.seq] } : null;
  }
  const byEnd = dispositions.find(({ outcomes = [] }) => outcomes.some((known) => known === outcome));
  const last = lines.at(-1);
  return byEnd && last ? { value: byEnd.name, turns: [last.seq] } : null;
}

function fieldsFromSlots({ afterCall, slots, lines }: FinishedCall): { fields: StoredField[]; missing: StoredOutcomeNote[] } {
  const fields: StoredField[] = [];
  const missing: StoredOutcomeNote[] = [];
  for (const field of afterCall.fields) {
    const slot = slots.find(({ name }) => name === field.name);
    if (!slot) continue;
    const about = `field:${field.name}`;
    const value = valueOf(field, slot.value);
    // The agent's turn that knows the value answers the caller's turn that gave it.
    const said = lines.findLast(({ role, seq }) => role === 'caller' && seq < slot.knownFromSeq);
    if (value === null) missing.push({ about, reason: `dropped: what the flow found is no ${field.type}` });
    else if (!said) missing.push({ about, reason: 'dropped: no turn of the caller comes before it' });
    else fields.push({ name: field.name, value, turns: [said.seq] });
  }
  return { fields, missing };
}

/** A slot's text as the field's type; null when it is none. */
function valueOf({ type, choices = [] }: AfterCallField, text: string): string | number | boolean | null {
  switch (type) {
    case 'text':
      return text === '' ? null : text;
    case 'number':
      return /^-?\d+([.]\d+)?$/.test(text) ? Number(text) : null;
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : null;
    case 'choice':
      return choices.find((choice) => choice.toLowerCase() === text.toLowerCase()) ?? null;
    case 'yes_no':
      return text === 'yes' ? true : text === 'no' ? false : null;
  }
}
