// The environment as a page of the documentation: limits and defaults are asked of the schema that reads it, so they cannot be told wrong.
import type { z } from 'zod';
import { variableSchemas } from '#app/config.ts';
import { environmentNotes } from './environment-notes.ts';
import type { VariableNote } from './environment-notes.ts';

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_SECONDS$/, 's'],
  [/_MS$/, 'ms'],
  [/_MINUTES$/, 'min'],
  [/_DAYS$/, 'days'],
  [/_TOKENS$/, 'tokens'],
];

/** What no variable may be, so that its schema says what it must be: no text has the first one's character, no password is as short as the other. */
const NEVER_RIGHT = ['\u0001 never right', 'x'];

/** The whole file `docs/environment.md`. */
export function environmentDocument(): string {
  const names = Object.keys(environmentNotes) as (keyof typeof environmentNotes)[];
  const rows = names.map((name) => rowOf(name, { schema: variableSchemas[name], note: environmentNotes[name] }));
  return `# The environment of the control plane

Made from \`apps/control-plane/src/config.ts\` by \`npm run environment\`. Read once, when the process starts, and checked whole: a variable that is wrong ends it
with exit code 78 and a line for each mistake. An empty variable counts as one that is not set.

On an appliance \`provision.sh\` writes them into \`.env\`, with further ones for the rest of the machine that
[provision/src/settings.ts](../provision/src/settings.ts) lists with what they are for: change a value there and run \`./provision.sh\`.
🔒: a secret, which belongs into no ticket.

| variable | what for | must be | unit | when not set |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function rowOf(name: string, { schema, note }: { schema: z.ZodType; note: VariableNote }): string {
  const unit = note.unit ?? UNITS.find(([form]) => form.test(name))?.[1] ?? '';
  return `| \`${name}\`${note.isSecret ? ' 🔒' : ''} | ${note.about} | ${ruleOf(schema)} | ${unit} | ${fallbackOf(schema)} |`;
}

function ruleOf(schema: z.ZodType): string {
  const said = NEVER_RIGHT.map((text) => schema.safeParse(text).error?.issues[0]?.message).find((message) => message !== undefined);
  return said === undefined
    ? 'any text'
    : said
        .replace(/^must be /, '')
        .replace(/^must have /, 'text of ')
        .replaceAll('|', '\\|');
}

function fallbackOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success) return '**must be set**';
  const { data } = parsed;
  if (data === undefined || (Array.isArray(data) && data.length === 0)) return 'nothing';
  return `\`${typeof data === 'string' ? data : JSON.stringify(data)}\``;
}
