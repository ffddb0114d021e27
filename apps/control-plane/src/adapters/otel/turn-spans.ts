// The stages of one turn as spans. The engine measures how long each took; they are laid end to end, back from the first sound on the line.
import { z } from 'zod';
import type { NoteName, TurnRecord } from '#ports/call-event.ts';
import { plain } from './span-node.ts';
import type { SpanFields, SpanNode } from './span-node.ts';

/** What the dialog tells of a turn that this reads; words and arguments are left where they are. */
const traceSchema = z.object({
  model: z
    .object({
      requests: z.array(
        z.object({
          inputTokens: z.number().nullable(),
          outputTokens: z.number().nullable(),
          firstPartMs: z.number().nullable(),
          ms: z.number(),
          failure: z.string().nullable(),
        }),
      ),
      tools: z.array(z.object({ name: z.string(), verdict: z.string(), ms: z.number() })),
    })
    .nullable(),
});

const KNOWLEDGE_TOOL = 'knowledge_search';
/** Verdicts of a tool that was to run and could not. */
const FAILED = new Set(['failed', 'timed_out']);

/** The stages before the agent was heard. Null figures are stages that the turn did not have. */
export function stageSpans({ startedAt, latency }: TurnRecord): SpanNode[] {
  if (latency === null) return [];
  let untilMs = startedAt.getTime();
  const stages: SpanNode[] = [];
  for (const [name, ms] of [
    ['text_to_speech', latency.textToSpeechMs],
    ['reply', latency.replyMs],
    ['speech_to_text', latency.speechToTextMs],
  ] as const) {
    if (ms === null) continue;
    stages.unshift(plain(name, { fromMs: untilMs - ms, toMs: untilMs }));
    untilMs -= ms;
  }
  return stages;
}

/** What the reply was made of: questions to the language model and tools, one after the other from where the reply began. */
export function modelSpans(trace: Readonly<Record<string, unknown>> | null, stages: readonly SpanNode[]): SpanNode[] {
  const parsed = traceSchema.safeParse(trace);
  const begun = stages.find(({ name }) => name === 'reply');
  if (!parsed.success || parsed.data.model === null || begun === undefined) return [];
  const { requests, tools } = parsed.data.model;
  let atMs = begun.fromMs;
  const next = (name: string, ms: number, more: Pick<SpanNode, 'fields' | 'error'>): SpanNode => {
    const fromMs = atMs;
    atMs += ms;
    return plain(name, { fromMs, toMs: atMs }, more);
  };
  const request = ({ ms, failure, ...figures }: (typeof requests)[number]): SpanNode => {
    const { firstPartMs, inputTokens, outputTokens } = figures;
    const fields = known({
      'centralita.first_part_ms': firstPartMs,
      'centralita.input_tokens': inputTokens,
      'centralita.output_tokens': outputTokens,
    });
    return next('language_model', ms, { fields, error: failure === null ? null : 'answer_not_used' });
  };
  const [first, ...others] = requests;
  return [
    ...(first ? [request(first)] : []),
    ...tools.map(({ name, verdict, ms }) => {
      const fields = { 'centralita.tool': name, 'centralita.verdict': verdict };
      return next(name === KNOWLEDGE_TOOL ? 'knowledge' : 'tool', ms, { fields, error: FAILED.has(verdict) ? verdict : null });
    }),
    ...others.map(request),
  ];
}

/** Whether a note tells of an error; null: it is the ordinary course of a call. */
export function errorOfNote(name: NoteName, component: unknown): string | null {
  if (name === 'model_failed') return `${typeof component === 'string' ? component : 'model'} failed`;
  return name === 'media_lost' ? 'media lost' : null;
}

function known(fields: Readonly<Record<string, number | null>>): SpanFields {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, number] => entry[1] !== null));
}
