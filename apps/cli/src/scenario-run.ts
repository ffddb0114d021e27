// Plays a scenario against an agent and says where the agent did something else.
import type { ChatInput, ChatReply } from './chat-client.ts';
import type { Scenario, ScenarioStep } from './scenario-file.ts';

/** What one scenario came to. */
export type ScenarioResult = {
  readonly name: string;
  readonly language: string;
  readonly ok: boolean;
  readonly steps: number;
  /** The slowest reply, ms. */
  readonly slowestMs: number;
  /** Number of the step that went wrong, from 1; null when none did. */
  readonly failedStep: number | null;
  /** What was expected there, and what came. */
  readonly problems: readonly string[];
  /** The call that it was played on, whose journal and recording tell more; null: none. */
  readonly callId: string | null;
};

/** A reply as a chat or a call gives it. */
export type AgentReply = Pick<ChatReply, 'reply' | 'node' | 'slots' | 'nextStep' | 'notes'>;

/** What saying something came to. */
export type Answer =
  | {
      readonly kind: 'replied';
      readonly reply: AgentReply;
      /** As text: until the reply was whole. On a call: the silence until the agent is heard. */
      readonly replyMs: number;
      /** On a call: what the agent took the spoken words for. */
      readonly understood?: string;
    }
  /** Nothing came back; `why` says it to a person. */
  | { readonly kind: 'no_reply'; readonly why: string };

/** Says something to the agent, in the conversation so far. */
export type Send = (input: ChatInput) => Promise<Answer>;

/** Plays it until its end or the first step that goes wrong. What `send` throws is the caller's business. */
export async function playScenario(scenario: Scenario, send: Send): Promise<ScenarioResult> {
  const { name, language, steps } = scenario;
  const played = { name, language, callId: null };
  let slowestMs = 0;
  for (const [index, step] of steps.entries()) {
    const answer = await send(inputOf(step));
    if (answer.kind === 'replied') slowestMs = Math.max(slowestMs, answer.replyMs);
    const problems = problemsOfAnswer(step, answer);
    if (problems.length > 0) return { ...played, ok: false, steps: index + 1, slowestMs, failedStep: index + 1, problems };
  }
  return { ...played, ok: true, steps: steps.length, slowestMs, failedStep: null, problems: [] };
}

function problemsOfAnswer(step: ScenarioStep, answer: Answer): string[] {
  if (answer.kind === 'no_reply') return [answer.why];
  const problems = problemsOf(step, answer.reply, answer.replyMs);
  if (problems.length === 0 || answer.understood === undefined || step.caller === undefined) return problems;
  return [...problems, `the caller said "${step.caller}", the agent understood "${answer.understood}"`];
}

function inputOf(step: ScenarioStep): ChatInput {
  if (step.caller !== undefined) return { message: step.caller };
  if (step.keys !== undefined) return { keys: step.keys };
  if (step.silence !== undefined) return { silences: step.silence };
  return step.transfer_failed ? { transferFailed: true } : {};
}

/** Everything that is not as the step expects. */
export function problemsOf({ expect = {}, within_ms: withinMs }: ScenarioStep, reply: AgentReply, replyMs: number): string[] {
  const { node, slot = {}, tool, says = [], not_says: notSays = [], next } = expect;
  const problems: string[] = [];
  if (node !== undefined && reply.node !== node) problems.push(`expected node ${node}, it is ${reply.node}`);
  for (const [name, value] of Object.entries(slot)) {
    const held = reply.slots[name] ?? null;
    if (held === null ? value !== null : value === null || plain(held) !== plain(value))
      problems.push(`expected slot ${name} ${value === null ? 'empty' : `"${value}"`}, it is ${held === null ? 'empty' : `"${held}"`}`);
  }
  const called = reply.notes.filter((note) => note.name === 'tool_called').map(({ fields }) => String(fields['tool']));
  if (tool !== undefined && !called.includes(tool)) problems.push(`expected tool ${tool}, called were ${called.join(', ') || 'none'}`);
  const heard = plain(reply.reply);
  for (const words of says) if (!heard.includes(plain(words))) problems.push(`expected to hear "${words}", heard "${reply.reply}"`);
  for (const words of notSays) if (heard.includes(plain(words))) problems.push(`expected not to hear "${words}", heard "${reply.reply}"`);
  if (next !== undefined && reply.nextStep.kind !== next) problems.push(`expected next ${next}, it is ${reply.nextStep.kind}`);
  if (withinMs !== undefined && replyMs > withinMs) problems.push(`expected a reply within ${withinMs} ms, it took ${replyMs} ms`);
  return problems;
}

/** Without accents, capitals and doubled spaces. */
function plain(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}
