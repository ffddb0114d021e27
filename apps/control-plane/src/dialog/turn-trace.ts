// How a reply came about: what the model was asked and what came back, kept so that a person can see afterwards why the agent said what it said.
import type { ModelMessage } from '#ports/language-model.ts';
import type { ToolVerdict } from './tools/tool-set.ts';

/** One question to the model. Personal data. */
export type TraceRequest = {
  readonly messages: readonly ModelMessage[];
  /** Names of the tools that were offered. */
  readonly tools: readonly string[];
  /** What it said; what it called is in `TurnTrace.tools`. */
  readonly text: string;
  /** Null when the model failed before it counted. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** From the question to the first part of the answer; null when there was none. */
  readonly firstPartMs: number | null;
  readonly ms: number;
  /** Why the answer was of no use; null when it was used. */
  readonly failure: string | null;
};

/** One call of a tool. Personal data: arguments and outcome hold what the caller said. */
export type TraceTool = {
  readonly name: string;
  readonly argumentsJson: string;
  readonly verdict: ToolVerdict;
  readonly text: string;
  readonly ms: number;
};

/** One turn of the agent. */
export type TurnTrace = {
  /** Who answered at last: the model, or the flow in its place. */
  readonly answeredBy: 'model' | 'flow';
  readonly requests: readonly TraceRequest[];
  readonly tools: readonly TraceTool[];
  readonly ms: number;
};
