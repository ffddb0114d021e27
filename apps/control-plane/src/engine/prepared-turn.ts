// Asks the agent for a turn in such a way that an agent which breaks is a reply that fails: the caller hears the apology, other calls nothing.
import type { ConversationState, Dialog, DialogInput, PreparedTurn, PrepareOptions } from '#dialog/dialog.ts';

/** What the agent must answer, and from where. */
export type TurnRequest = { readonly state: ConversationState; readonly input: DialogInput } & PrepareOptions;

/** Starts the agent's turn. Never throws: a dialog that does gives a turn whose words and result reject with its error. */
export function prepareTurn(dialog: Dialog, { state, input, ...options }: TurnRequest): PreparedTurn {
  try {
    return dialog.prepare(state, input, options);
  } catch (error) {
    const result = Promise.reject<never>(new Error(`the agent could not answer "${input.kind}" in node "${state.node}"`, { cause: error }));
    return { textDeltas: failing(result), result };
  }
}

async function* failing(result: Promise<never>): AsyncGenerator<string> {
  yield await result;
}
