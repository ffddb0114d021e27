// Gives every transfer of a dialog a brief, whatever led to it: a phrase, a key, two misunderstandings, a model without words for it.
import { within } from '#shared/waiting.ts';
import type { ConversationState, Dialog, TurnResult } from './dialog.ts';
import { transferBrief } from './transfer-brief.ts';
import type { BriefFacts } from './transfer-brief.ts';

/** One row of the database; a transfer does not wait longer for a name. */
const NAME_MS = 300;

export type BriefedParts = Omit<BriefFacts, 'callerName'> & {
  /** The name that is remembered of the caller; null: it is not. May fail. */
  readonly recallName: () => Promise<string | null>;
};

/** The dialog whose transfers say whom they are for. A brief that the model wrote stays. */
export function withTransferBrief(dialog: Dialog, parts: BriefedParts): Dialog {
  return {
    ...dialog,
    prepare(state, input, options) {
      const turn = dialog.prepare(state, input, options);
      const result = turn.result.then((reached) => briefed(parts, reached));
      // The failure reaches whoever reads the text; a result that nobody awaits must not end the process.
      result.catch(() => undefined);
      return { ...turn, result };
    },
  };
}

function briefed(parts: BriefedParts, result: TurnResult): TurnResult | Promise<TurnResult> {
  const { nextStep, state } = result;
  if (nextStep.kind !== 'transfer' || nextStep.brief !== null) return result;
  return nameFor(parts).then((callerName) => withBrief(result, transferBrief({ ...parts, callerName }, state)));
}

function withBrief(result: TurnResult, brief: string): TurnResult {
  const { nextStep } = result;
  return nextStep.kind === 'transfer' ? { ...result, nextStep: { ...nextStep, brief } } : result;
}

async function nameFor({ recallName }: BriefedParts): Promise<ConversationState['slots'][string] | null> {
  try {
    const name = await within(recallName(), NAME_MS);
    return name === 'late' ? null : name.value;
  } catch {
    // The number says who calls; a memory that is away is told of by the tools that need it.
    return null;
  }
}
