// What the agent knows of a caller from before, and the caller's say in it.
import { z } from 'zod';
import type { ContactMemory } from '#ports/contact-memory.ts';
import { isSpanish } from '#shared/text-language.ts';
import { callerNameAmong } from '#dialog/caller-name.ts';
import { cleanText, quotedText } from './quoted-text.ts';
import type { Tool, ToolContext } from './tool.ts';

/** A few rows; a database that needs longer is away. */
const BUDGET_MS = 3_000;
/** Facts shown, and of each so many characters: what a model needs to greet somebody, not their file. */
const SHOWN_FACTS = 30;
const FACT_CHARACTERS = 200;

const nothing = z.strictObject({});

const texts = {
  es: {
    withheld: 'Quien llama oculta su número: no se sabe quién es ni se puede recordar nada.',
    unknown: 'No se recuerda nada de quien llama.',
    mayRemember: '¿Quiere que le recordemos en próximas llamadas?',
    shallForget: '¿Olvido todo lo que se recuerda de usted? No se puede deshacer.',
    remembered: 'Queda apuntado que acepta que se le recuerde en próximas llamadas. Dígalo.',
    forgotten: 'Se olvidó lo que se recordaba de quien llama, y no se recordará nada más. Dígalo.',
  },
  en: {
    withheld: 'The caller withholds the number: who it is is not known, and nothing can be remembered.',
    unknown: 'Nothing is remembered of this caller.',
    mayRemember: 'Would you like us to remember you on later calls?',
    shallForget: 'Shall I forget everything that we remember of you? It cannot be undone.',
    remembered: 'It is written down that the caller agrees to be remembered on later calls. Say so.',
    forgotten: 'What was remembered of this caller is forgotten, and nothing more will be remembered. Say so.',
  },
} as const;
const textsFor = (language: string) => (isSpanish(language) ? texts.es : texts.en);

/** Offers `recall_caller`, and `remember_caller` and `forget_caller`, which ask first: a document may order either. Facts themselves are kept after the call. */
export function createContactMemoryTools({ memory }: { readonly memory: ContactMemory }): readonly Tool[] {
  return [
    {
      name: 'recall_caller',
      description:
        'Looks up what is remembered of this caller from earlier calls. Use it before you ask for what they may have told already.',
      effect: 'read',
      arguments: nothing,
      budgetMs: BUDGET_MS,
      async run(_args, { scope, callerNumber, language }) {
        const { withheld, unknown } = textsFor(language);
        if (callerNumber === null) return { kind: 'refused', text: withheld };
        const { facts } = await memory.recall(scope, callerNumber);
        if (facts.length === 0) return { kind: 'refused', text: unknown };
        const lines = facts.slice(0, SHOWN_FACTS).map(({ name, value }) => `${name}: ${cleanText(String(value), FACT_CHARACTERS)}`);
        const name = callerNameAmong(Object.fromEntries(facts.map((fact) => [fact.name, String(fact.value)])));
        return {
          kind: 'done',
          text: quotedText('caller_facts', 'earlier calls', lines.join('\n')),
          ...(name === null ? {} : { callerName: cleanText(name, FACT_CHARACTERS) }),
        };
      },
    },
    consentTool(memory, {
      name: 'remember_caller',
      description: 'Writes down that the caller agrees to be remembered on later calls. Only when they ask for it or the task says so.',
      consent: 'granted',
      undoes: ['forget_caller'],
    }),
    consentTool(memory, {
      name: 'forget_caller',
      description: 'Forgets everything that is remembered of the caller, at once and for good. When they ask not to be remembered.',
      consent: 'refused',
      undoes: ['remember_caller'],
    }),
  ];
}

/** The name that is remembered of the caller, where the agent has `recall_caller`; null when none is. Throws when the memory is away. */
export async function recallCallerName(tools: readonly Tool[], context: ToolContext): Promise<string | null> {
  const outcome = await tools.find(({ name }) => name === 'recall_caller')?.run({}, context);
  return outcome?.kind === 'done' ? (outcome.callerName ?? null) : null;
}

type ConsentTool = Pick<Tool, 'name' | 'description' | 'undoes'> & { readonly consent: 'granted' | 'refused' };

function consentTool(memory: ContactMemory, { consent, ...tool }: ConsentTool): Tool {
  return {
    ...tool,
    effect: 'guarded',
    arguments: nothing,
    budgetMs: BUDGET_MS,
    question: (_args, language) => textsFor(language)[consent === 'granted' ? 'mayRemember' : 'shallForget'],
    async run(_args, { scope, callerNumber, conversationId, language }) {
      const { withheld, remembered, forgotten } = textsFor(language);
      if (callerNumber === null) return { kind: 'refused', text: withheld };
      await memory.setConsent(scope, { number: callerNumber, consent, conversationId });
      return { kind: 'done', text: consent === 'granted' ? remembered : forgotten };
    },
  };
}
