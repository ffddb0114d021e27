// What is kept of a turn for whoever asks afterwards why the agent said what it said: which way it went, what the model did, how long it took.
import type { ConversationState, TurnResult } from './dialog.ts';
import type { DialogNote, NextStep } from './next-step.ts';
import type { TurnTrace } from './turn-trace.ts';

/** Characters kept of one message; the longest prompt that an agent may have is 20,000. The model saw it whole. */
export const REPORT_TEXT_CHARACTERS = 24_000;

/** One turn of the agent, of whatever channel. Personal data. */
export type TurnReport = {
  readonly fromNode: string;
  readonly node: string;
  /** Nodes and edges passed, what was not understood, tools called: in order. */
  readonly notes: readonly DialogNote[];
  readonly nextStep: NextStep;
  /** What was known after it. */
  readonly slots: Readonly<Record<string, string>>;
  /** Milliseconds of each stage that the channel measures; null where there was no such stage. */
  readonly stagesMs: Readonly<Record<string, number | null>>;
  /** How the model came to its words; null where none was asked. */
  readonly model: TurnTrace | null;
};

export type ReportParts = {
  /** The conversation before the turn. */
  readonly from: ConversationState;
  readonly result: TurnResult;
  readonly stagesMs: TurnReport['stagesMs'];
};

/** The report of a turn. */
export function reportOf({ from, result, stagesMs }: ReportParts): TurnReport {
  const { state, notes, nextStep, trace } = result;
  return { fromNode: from.node, node: state.node, notes, nextStep, slots: state.slots, stagesMs, model: trace ? limited(trace) : null };
}

function limited(trace: TurnTrace): TurnTrace {
  const cut = (text: string): string =>
    text.length <= REPORT_TEXT_CHARACTERS ? text : `${text.slice(0, REPORT_TEXT_CHARACTERS)}… (${text.length} characters)`;
  return {
    ...trace,
    requests: trace.requests.map((request) => ({
      ...request,
      messages: request.messages.map((message) => ({ ...message, text: cut(message.text) })),
    })),
    tools: trace.tools.map((tool) => ({ ...tool, argumentsJson: cut(tool.argumentsJson), text: cut(tool.text) })),
  };
}
