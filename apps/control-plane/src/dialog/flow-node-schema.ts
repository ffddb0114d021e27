// The parts of a flow and their limits, each by itself; how they fit together is checked by `flow-checks.ts`.
import { z } from 'zod';
import type { Expert, ExpertSlot, FlowAction, FlowNode, FlowSlot, FlowTransition, Phrases, SlotType } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import { TIME_OF_DAY } from '#shared/time-of-day.ts';

/** Sizes of a flow. At them a profile is refused with the field's path; a call never meets a larger one. */
export const FLOW_LIMITS = {
  nodes: 200,
  transitionsPerNode: 30,
  globalTransitions: 20,
  phrasesPerChoice: 20,
  languages: 8,
  slotValues: 60,
  /** What a person answers in one go; a model's schema with more is answered badly. */
  slotsPerNode: 12,
  toolsPerExpert: 20,
  toolArguments: 20,
  ownTools: 50,
  /** About a minute of speech. */
  promptCharacters: 1_000,
  /** For the model alone: two pages. */
  instructionCharacters: 8_000,
  conditionCharacters: 300,
  phraseCharacters: 80,
  nameCharacters: 60,
  dtmfKeys: 8,
} as const;

export const nodeName = z
  .string()
  .max(FLOW_LIMITS.nameCharacters)
  .regex(/^[a-z][a-z0-9_]*$/, 'a name is lower-case letters, digits and _, and starts with a letter');
export const spoken = z
  .string()
  .max(FLOW_LIMITS.promptCharacters)
  .regex(/\p{L}|\p{N}/u, 'a prompt needs a word to say');
export const languageTag = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language tag, such as es or en-US');
export const toolName = z
  .string()
  .max(FLOW_LIMITS.nameCharacters)
  .regex(/^[a-z][a-z0-9_]*$/, 'a tool is named in lower-case letters, digits and _');
const dtmf = z.string().regex(new RegExp(`^[0-9*#]{1,${FLOW_LIMITS.dtmfKeys}}$`), `keys are 1 to ${FLOW_LIMITS.dtmfKeys} of 0-9, * and #`);
const phrase = z
  .string()
  .max(FLOW_LIMITS.phraseCharacters)
  .refine((text) => plainWords(text).length > 0, 'a phrase needs a letter or a digit');
const phraseList = z.array(phrase).min(1).max(FLOW_LIMITS.phrasesPerChoice);
const phrases = z.union([
  phraseList,
  z.record(languageTag, phraseList).refine((byLanguage) => {
    const languages = Object.keys(byLanguage).length;
    return languages > 0 && languages <= FLOW_LIMITS.languages;
  }, `phrases of 1 to ${FLOW_LIMITS.languages} languages`),
]) satisfies z.ZodType<Phrases>;

const slotValues = z
  .array(z.strictObject({ value: z.string().min(1).max(FLOW_LIMITS.phraseCharacters), phrases, dtmf: dtmf.exactOptional() }))
  .min(1)
  .max(FLOW_LIMITS.slotValues);
const slotSchema = z.strictObject({ name: nodeName, values: slotValues }) satisfies z.ZodType<FlowSlot>;

const characters = z.int().min(1).max(2_000).exactOptional();
const whole = z.int().min(0).max(999_999_999).exactOptional();
// Ten years either way: an age is asked as a number, not as a date.
const days = z.int().min(-3_650).max(3_650).exactOptional();
const timeOfDay = z.string().regex(TIME_OF_DAY, 'a time such as 09:00 or 16:30').exactOptional();
const phoneDigits = z.int().min(3).max(15).exactOptional();
const slotType = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('choice'), values: slotValues }),
  z.strictObject({ kind: z.literal('text'), minCharacters: characters, maxCharacters: characters }),
  z.strictObject({ kind: z.literal('number'), min: whole, max: whole }),
  z.strictObject({ kind: z.literal('date'), fromDays: days, toDays: days }),
  z.strictObject({ kind: z.literal('time'), from: timeOfDay, to: timeOfDay }),
  z.strictObject({ kind: z.literal('phone'), minDigits: phoneDigits, maxDigits: phoneDigits }),
  z.strictObject({ kind: z.literal('yes_no') }),
]) satisfies z.ZodType<SlotType>;

const slotNames = z.array(nodeName).min(1).max(FLOW_LIMITS.slotsPerNode).exactOptional();
const expertSlotSchema = z.strictObject({
  name: nodeName,
  type: slotType,
  required: z.boolean().exactOptional(),
  ask: spoken.exactOptional(),
  invalid: spoken.exactOptional(),
  description: z.string().max(FLOW_LIMITS.conditionCharacters).exactOptional(),
  phrases: phrases.exactOptional(),
  restarts: slotNames,
  keep: z.boolean().exactOptional(),
}) satisfies z.ZodType<ExpertSlot>;

const expertSchema = z.strictObject({
  goal: z.string().min(1).max(FLOW_LIMITS.conditionCharacters),
  instructions: z.string().min(1).max(FLOW_LIMITS.instructionCharacters).exactOptional(),
  tools: z.array(toolName).max(FLOW_LIMITS.toolsPerExpert).exactOptional(),
  phrases: phrases.exactOptional(),
  dtmf: dtmf.exactOptional(),
}) satisfies z.ZodType<Expert>;

export const transitionSchema = z.strictObject({
  when: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('phrase'), phrases, dtmf: dtmf.exactOptional() }),
    z.strictObject({ kind: z.literal('dtmf'), keys: dtmf }),
    z.strictObject({
      kind: z.literal('slot_filled'),
      slot: nodeName.exactOptional(),
      equals: z.string().max(FLOW_LIMITS.phraseCharacters).exactOptional(),
    }),
    z.strictObject({ kind: z.literal('tool_result'), tool: toolName, outcome: z.enum(['done', 'refused', 'failed']) }),
    z.strictObject({ kind: z.literal('condition'), text: z.string().min(1).max(FLOW_LIMITS.conditionCharacters) }),
    z.strictObject({ kind: z.literal('no_input'), count: z.int().min(1).max(6).exactOptional() }),
    z.strictObject({ kind: z.literal('transfer_failed') }),
  ]),
  goTo: nodeName,
  aside: z.boolean().exactOptional(),
  clears: slotNames,
}) satisfies z.ZodType<FlowTransition>;

const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listen') }),
  z.strictObject({ kind: z.literal('go_on'), goTo: nodeName }),
  z.strictObject({ kind: z.literal('resume'), otherwise: nodeName }),
  z.strictObject({
    kind: z.literal('use_tool'),
    tool: toolName,
    arguments: z
      .record(z.string().min(1).max(FLOW_LIMITS.nameCharacters), z.string().max(FLOW_LIMITS.promptCharacters))
      .refine((record) => Object.keys(record).length <= FLOW_LIMITS.toolArguments, `at most ${FLOW_LIMITS.toolArguments} arguments`),
    keeps: slotNames,
  }),
  z.strictObject({
    kind: z.literal('transfer'),
    // An extension and nothing more: a technology or an address here would be a way out over any trunk.
    destination: z.string().regex(/^[0-9]{2,8}$/, "a destination is a phone's extension of 2 to 8 digits, such as 2001"),
    ringMs: z.int().min(5_000).max(120_000),
    requiresKey: z.boolean().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('end_call') }),
]) satisfies z.ZodType<FlowAction>;

export const nodeSchema = z.strictObject({
  name: nodeName,
  prompt: spoken,
  reprompt: spoken.exactOptional(),
  slot: slotSchema.exactOptional(),
  slots: z.array(expertSlotSchema).min(1).max(FLOW_LIMITS.slotsPerNode).exactOptional(),
  expert: expertSchema.exactOptional(),
  endsTask: z.boolean().exactOptional(),
  transitions: z.array(transitionSchema).max(FLOW_LIMITS.transitionsPerNode),
  action: actionSchema,
}) satisfies z.ZodType<FlowNode>;
