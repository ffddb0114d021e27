// What an agent can do besides talking: the form of a tool, and what is known when it runs.
import type { z } from 'zod';
import type { JsonSchema } from '#ports/language-model.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { NextStep } from '#dialog/next-step.ts';

/** Who is served, and where. The same for every tool of a conversation. */
export type ToolContext = {
  readonly scope: OrgScope;
  readonly agentId: string;
  /** The call or chat, such as `call_…` or `chat_…`: effects are recorded under it. */
  readonly conversationId: string;
  /** The other side's number; null when it is withheld or there is none. Personal data. */
  readonly callerNumber: string | null;
  /** BCP 47, such as `es-MX`. */
  readonly language: string;
  readonly signal: AbortSignal;
};

/** What a tool came to. `text` goes to the model, in the caller's language; `spoken` may be said as it stands where there is no model; `nextStep` is taken once the reply was spoken. */
export type ToolOutcome =
  | {
      readonly kind: 'done';
      readonly text: string;
      readonly facts?: Readonly<Record<string, string>>;
      readonly nextStep?: NextStep;
      readonly spoken?: string;
      /** Who calls, for the person whom the caller is put through to; no model is shown it. */
      readonly callerName?: string;
      /** What the caller is asked now, word for word, in a model's turn: their yes runs this call of a guarded tool. */
      readonly ask?: { readonly question: string; readonly tool: string; readonly args: Readonly<Record<string, string>> };
    }
  /** Expected: the slot is taken, nothing was found. The model goes on with it. */
  | { readonly kind: 'refused'; readonly text: string };

/** `read` may be run again at will; `write` runs once for the same arguments; `guarded` besides asks the caller first. */
export type ToolEffect = 'read' | 'write' | 'guarded';

/** One tool. `run` gets arguments that `arguments` has parsed. Throws only for faults; the dialog turns them into a refusal. */
export type Tool<Arguments = unknown> = {
  readonly name: string;
  /** For the model: when to use it. */
  readonly description: string;
  readonly effect: ToolEffect;
  readonly arguments: z.ZodType<Arguments>;
  /** What the model is shown, in place of what `arguments` says. */
  readonly schema?: JsonSchema;
  /** The longest that it may take, ms. */
  readonly budgetMs: number;
  /** Tools whose earlier effects this one takes back once it is done: their same calls may run again (book, cancel, book). */
  readonly undoes?: readonly string[];
  /**
   * Of a guarded tool: what the caller is asked, word for word, with everything that would be done. Then no model words the question, and the
   * call that was read out is the one that runs after the yes. Absent: a model asks in its own words.
   */
  question?(args: Arguments, language: string): string;
  run(args: Arguments, context: ToolContext): Promise<ToolOutcome>;
};
