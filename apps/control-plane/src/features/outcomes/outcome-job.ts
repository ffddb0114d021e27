// The work after a call: reads what was said, has it understood by the language model or by rules, and keeps what is shown by the call itself.
import { z } from 'zod';
import { askForStructure } from '#dialog/structured-answer.ts';
import type { AgentStore } from '#features/agents/agent-store.ts';
import type { CallDetails, CallStore } from '#features/calls/call-store.ts';
import { noteContact, rememberFacts } from '#features/contacts/contact-memory-store.ts';
import type { JobHandler } from '#features/jobs/job-queue-store.ts';
import { FinalJobError } from '#features/jobs/job-queue-store.ts';
import type { AfterCall } from '#ports/after-call.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { Log } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { FinishedCall, Outcome } from './outcome.ts';
import { NO_AFTER_CALL } from './outcome.ts';
import { outcomeOfAnswer } from './outcome-evidence.ts';
import { outcomeQuestion } from './outcome-question.ts';
import { outcomeByRules } from './outcome-rules.ts';
import type { OutcomeStore } from './outcome-store.ts';
import { insertOutcome, isCallThere } from './outcome-store.ts';

export type OutcomeJobParts = {
  readonly calls: CallStore;
  readonly agents: AgentStore;
  readonly outcomes: OutcomeStore;
  /** Null where none is configured: then rules do what they can. */
  readonly languageModel: LanguageModel | null;
};

/** Two answers of a busy model, each with its own deadline of a minute. */
const TIMEOUT_MS = 150_000;

const payloadSchema = z.object({ callId: z.string() });

export function createOutcomeJob(parts: OutcomeJobParts): JobHandler {
  return {
    kind: 'call_outcome',
    timeoutMs: TIMEOUT_MS,
    async run({ scope, payload }, { signal, log }) {
      const parsed = payloadSchema.safeParse(payload);
      if (!parsed.success) throw new FinalJobError('the job names no call');
      const { callId } = parsed.data;
      const found = await parts.calls.find(scope, callId);
      // Deleted meanwhile, or never answered: there is nothing to say of it.
      if (!found || found.call.answeredAt === null) return async () => {};
      const call = await finishedCall(parts, scope, found);
      const outcome = await understand(call, parts.languageModel, { signal, log });
      return async (queries) => {
        if (!(await isCallThere(queries, scope, callId))) return;
        await insertOutcome(queries, scope, { callId, outcome });
        const { callerNumber: number, startedAt, endedAt } = found.call;
        if ((await noteContact(queries, scope, { number, seenAt: startedAt })) === null) return;
        const facts = outcome.fields.filter(({ name }) => isRemembered(call.afterCall, name));
        if (facts.length > 0) await rememberFacts(queries, scope, { number, sourceId: callId, facts, learnedAt: endedAt ?? startedAt });
      };
    },
  };
}

async function finishedCall(parts: OutcomeJobParts, scope: OrgScope, { call, turns, notes }: CallDetails): Promise<FinishedCall> {
  // As the agent is now: what its owner wants to know of a call may have been written after it.
  const agent = call.agentId === null ? null : await parts.agents.find(scope, call.agentId);
  return {
    outcome: call.outcome,
    durationMs: call.durationMs,
    language: agent?.draft.language ?? 'en',
    lines: turns.map(({ seq, role, text, startedAt }) => ({ seq, role, text: text ?? '', startedAt })),
    nodes: notes.flatMap(({ name, fields, at }) => {
      const node = name === 'node_entered' ? fields?.['node'] : undefined;
      return typeof node === 'string' ? [{ name: node, at }] : [];
    }),
    slots: await parts.outcomes.readSlots(scope, call.callId),
    afterCall: agent?.draft.afterCall ?? NO_AFTER_CALL,
  };
}

/** Throws when the model cannot be reached: that is tried again. A model that answers nothing usable, twice, leaves the call to the rules. */
async function understand(
  call: FinishedCall,
  languageModel: LanguageModel | null,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<Outcome> {
  if (languageModel === null) return outcomeByRules(call);
  if (!call.lines.some(({ role }) => role === 'caller')) return outcomeByRules(call);
  const answer = await askForStructure(languageModel, outcomeQuestion(call), { signal });
  if (answer.kind === 'valid') return outcomeOfAnswer(call, answer.value);
  log.warn({ problem: answer.problem }, 'the model gave no usable answer about a call; rules are used');
  return outcomeByRules(call, [{ about: 'model', reason: `its answer could not be used, nor the repaired one: ${answer.problem}` }]);
}

function isRemembered({ fields }: AfterCall, name: string): boolean {
  return fields.some((field) => field.name === name && field.remember === true);
}
