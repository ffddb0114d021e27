// What the dialog itself says about tools, in Spanish and English: answers for the model, and the words that cover a slow tool.
import { isSpanish } from '#shared/text-language.ts';

/** The dialog's own words about tools. All but the fillers are read by the model. */
export type ToolTexts = {
  unknownTool(name: string, known: readonly string[]): string;
  invalidArguments(name: string, problems: readonly string[]): string;
  alreadyDone(first: string): string;
  askCaller(name: string, argumentsJson: string): string;
  readonly declined: string;
  readonly oneAtATime: string;
  readonly tooMany: string;
  readonly readFailed: string;
  readonly effectUnknown: string;
  /** Spoken. */
  readonly fillerRead: string;
  /** Spoken. */
  readonly fillerWrite: string;
};

/** What a model invents as a name is cut before it is repeated to it. */
const NAME_CHARACTERS_MAX = 64;
/** Characters of the arguments that a question repeats to the model, which has them already. */
const ARGUMENTS_SHOWN_MAX = 500;

const SPANISH: ToolTexts = {
  unknownTool: (name, known) =>
    `No existe la herramienta "${name.slice(0, NAME_CHARACTERS_MAX)}". Herramientas: ${known.join(', ') || 'ninguna'}. Responda sin ella.`,
  invalidArguments: (name, problems) =>
    `Los argumentos de ${name} no son válidos. ${problems.join('; ')}. Corríjalos o pregunte lo que falte.`,
  alreadyDone: (first) => `Ya se hizo, no se repitió. ${first}`,
  askCaller: (name, args) =>
    `Pregunte a quien llama: diga qué se va a hacer y pida un sí claro (${name} ${args.slice(0, ARGUMENTS_SHOWN_MAX)}). Todavía no se ha hecho. Después de su sí, repita la misma llamada.`,
  declined: 'Quien llama no dijo que sí: no se ha hecho. No lo pregunte otra vez; siga con lo que le pidan.',
  oneAtATime: 'Ya hay otra acción que espera el sí de quien llama. Pregunte primero por esa.',
  tooMany: 'En esta conversación ya no se pueden hacer más acciones. Ofrezca hablar con una persona.',
  readFailed: 'La consulta no respondió. Dígalo y ofrezca otra cosa.',
  effectUnknown:
    'No se sabe si se hizo: no respondió a tiempo. No lo repita ni lo dé por hecho; ofrezca dejar un recado o hablar con una persona.',
  fillerRead: 'Permítame un momento, lo estoy consultando.',
  fillerWrite: 'Un momento, por favor, lo estoy registrando.',
};

const ENGLISH: ToolTexts = {
  unknownTool: (name, known) =>
    `There is no tool "${name.slice(0, NAME_CHARACTERS_MAX)}". Tools: ${known.join(', ') || 'none'}. Answer without it.`,
  invalidArguments: (name, problems) =>
    `The arguments of ${name} are not valid. ${problems.join('; ')}. Correct them or ask for what is missing.`,
  alreadyDone: (first) => `Already done, not repeated. ${first}`,
  askCaller: (name, args) =>
    `Ask the caller: say what will be done and ask for a clear yes (${name} ${args.slice(0, ARGUMENTS_SHOWN_MAX)}). It has not been done yet. After their yes, make the same call again.`,
  declined: 'The caller did not say yes: it has not been done. Do not ask again; go on with what they want.',
  oneAtATime: 'Another action waits for the caller’s yes. Ask about that one first.',
  tooMany: 'No more actions can be taken in this conversation. Offer to put the caller through to a person.',
  readFailed: 'The look-up did not answer. Say so and offer something else.',
  effectUnknown:
    'Whether it was done is not known: it did not answer in time. Do not repeat it or take it as done; offer to take a message or to put the caller through to a person.',
  fillerRead: 'One moment, let me look that up.',
  fillerWrite: 'One moment please, I am recording that.',
};

/** The texts for a language (BCP 47). */
export function toolTexts(language: string): ToolTexts {
  return isSpanish(language) ? SPANISH : ENGLISH;
}
