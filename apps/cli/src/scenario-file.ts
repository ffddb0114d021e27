// Scenarios as their authors write them: YAML, one document each, checked with the line of whatever is wrong.
import { isNode, LineCounter, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import { z } from 'zod';
import { usageFailure } from './command-failure.ts';

const text = z.string().min(1).max(1_000);
const texts = z.union([text.transform((one) => [one]), z.array(text).min(1).max(20)]);
/** A bare number or boolean in YAML is meant as the text that a slot holds. */
const slotValue = z.union([z.string(), z.number().transform(String), z.boolean().transform(String), z.null()]);

const expectSchema = z
  .strictObject({
    node: text.exactOptional(),
    /** Slots by name; null: not filled. */
    slot: z.record(z.string(), slotValue).exactOptional(),
    /** A tool that was called in this turn. */
    tool: text.exactOptional(),
    /** What the reply contains, whatever the accents and capitals. */
    says: texts.exactOptional(),
    not_says: texts.exactOptional(),
    next: z.enum(['listen', 'transfer', 'end_call']).exactOptional(),
  })
  .refine((expected) => Object.keys(expected).length > 0, 'expect nothing is expect left out');

const stepSchema = z
  .strictObject({
    /** The agent speaks first; only as the first step. */
    opens: z.literal(true).exactOptional(),
    caller: z.string().max(4_000).exactOptional(),
    keys: z
      .union([z.string(), z.number().transform(String)])
      .pipe(z.string().regex(/^[0-9*#]{1,32}$/, 'keys are 1 to 32 of 0-9, * and #'))
      .exactOptional(),
    /** Nobody speaks; true, or for how many times in a row. */
    silence: z.union([z.literal(true).transform(() => 1), z.int().min(1).max(100)]).exactOptional(),
    /** The person whom the agent wanted to reach does not answer. */
    transfer_failed: z.literal(true).exactOptional(),
    expect: expectSchema.exactOptional(),
    /** The reply is whole within so many milliseconds. */
    within_ms: z.int().min(1).max(60_000).exactOptional(),
  })
  .superRefine((step, check) => {
    const given = ['opens', 'caller', 'keys', 'silence', 'transfer_failed'].filter((name) => name in step);
    if (given.length !== 1)
      check.addIssue({
        code: 'custom',
        message: `a step is one of opens, caller, keys, silence and transfer_failed; this one has ${given.join(' and ') || 'none'}`,
      });
  });

const scenarioSchema = z
  .strictObject({
    name: text,
    /** Of the agent that the scenario is meant for, such as es. */
    language: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language tag, such as es or en-US'),
    steps: z.array(stepSchema).min(1).max(200),
  })
  .superRefine(({ steps }, check) => {
    for (const [index, step] of steps.entries())
      if (index > 0 && step.opens)
        check.addIssue({ code: 'custom', path: ['steps', index, 'opens'], message: 'only the first step opens' });
    if (!steps.some((step) => step.expect !== undefined || step.within_ms !== undefined))
      check.addIssue({ code: 'custom', path: ['steps'], message: 'no step expects anything: such a scenario cannot fail' });
  });

export type ScenarioStep = z.infer<typeof stepSchema>;
export type Scenario = z.infer<typeof scenarioSchema>;

/** More than these would not be read by anybody. */
const MAX_SCENARIOS = 500;
const MAX_ERRORS = 20;

/** The scenarios of a file. Throws a usage failure that names file, line and path of everything that is wrong. */
export function readScenarios(file: string, source: string): Scenario[] {
  const lines = new LineCounter();
  const documents = [...parseAllDocuments(source, { lineCounter: lines, uniqueKeys: true })] as Document[];
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const errors = documents.flatMap((document) =>
    document.errors.map((error) => `${at(error.pos[0])}: ${error.message.split('\n')[0] ?? ''}`),
  );
  if (errors.length > 0) throw usageFailure(errors.slice(0, MAX_ERRORS).join('\n'));
  const filled = documents.filter((document) => document.contents !== null);
  if (filled.length === 0) throw usageFailure(`${file}: there is no scenario in it`);
  if (filled.length > MAX_SCENARIOS) throw usageFailure(`${file}: ${filled.length} scenarios, at most ${MAX_SCENARIOS} are run at once`);
  const scenarios: Scenario[] = [];
  for (const document of filled) {
    const parsed = scenarioSchema.safeParse(document.toJS());
    if (parsed.success) scenarios.push(parsed.data);
    else for (const { path, message } of parsed.error.issues) errors.push(`${at(offsetOf(document, path))}: ${pathText(path)}: ${message}`);
  }
  const names = new Set<string>();
  for (const { name } of scenarios) if (names.size === names.add(name).size) errors.push(`${file}: two scenarios are named "${name}"`);
  if (errors.length > 0) throw usageFailure(errors.slice(0, MAX_ERRORS).join('\n'));
  return scenarios;
}

/** Where the value at a path begins, or the nearest one around it that is there. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return isNode(document.contents) && document.contents.range ? document.contents.range[0] : 0;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0
    ? 'scenario'
    : path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .replace(/^\./, '');
}
