// Values for a JSON schema: such that it takes, such at its bounds, and such that no schema should take.
import fc from 'fast-check';
import type { JsonSchema } from './api-operations.ts';
import type { Choices } from './seeded-random.ts';

/** Ids and other words that exist, by the name of the field or parameter that takes them, such as `agentId`. */
export type KnownValues = (name: string) => string | null;

/** What makes a value. */
export type ValueMaker = {
  /** A value that the schema takes, as far as its keywords say; `name` is the field's. */
  plausible(schema: JsonSchema, name?: string): unknown;
  /** Something that is meant to do harm. */
  hostile(): unknown;
  /** Text that is meant to do harm. */
  hostileText(): string;
};

const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udc00y',
  '\u202egnp.exe',
  '\u200b\ufeff\u00ad',
  'İstanbul ẞ ﬃ',
  '𝕏🏴‍☠️👩‍👩‍👧',
  'e\u0301'.repeat(40),
  "' or 1=1 --",
  "'; drop table calls; --",
  "\\'; select pg_sleep(20); --",
  '") or ("1"="1',
  '%',
  '%%%_\\_',
  '../../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '/etc/shadow',
  'file:///etc/hosts',
  'http://127.0.0.1:1/',
  '${7*7}{{7*7}}#{7*7}',
  '<script>alert(1)</script>',
  'a\r\nx-injected: 1',
  '\u001b[31mred\u0007',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '0x10',
  '1e309',
  '-0',
  '９９',
  '٣',
  '2026-02-30T25:61:61Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00.000Z',
  '-271821-04-20T00:00:00.000Z',
  'P1000000000Y',
  '=cmd|calc',
  '[]',
  '{}',
  // Patterns that try every way to cut a text stop here.
  `${'a'.repeat(60)}!`,
  `${'1'.repeat(60)}!`,
  `${'a-'.repeat(40)}!`,
  `${'a.'.repeat(40)}!`,
  `${' '.repeat(60)}!`,
  '(((((((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+',
  'org_00000000000000000000000000000000',
  'cck_live_00000000000000000000000000000000000000',
];
const hostileNumbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.0001,
  100,
  101,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 64),
  1e21,
  1e308,
  5e-324,
];
/** Longest text: what of it fits a field of the API is far shorter. */
const LONG_TEXT = 20_000;

/** Texts for a pattern; making them costs, so a few are kept. */
function createPatternTexts(): (pattern: string, choices: Choices) => string {
  const made = new Map<string, readonly string[]>();
  return (pattern, choices) => {
    let texts = made.get(pattern);
    if (texts === undefined) {
      texts = textsOf(pattern);
      made.set(pattern, texts);
    }
    return choices.pick(texts);
  };
}

/** Makes values by `choices`; a `$ref` is looked up in `schemas`. */
export function createValueMaker(parts: {
  readonly choices: Choices;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly known: KnownValues;
}): ValueMaker {
  const { choices, schemas, known } = parts;
  const sources: TextSources = { choices, patternText: createPatternTexts() };

  function object(schema: JsonSchema, depth: number): unknown {
    const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
    const required = new Set((schema['required'] ?? []) as string[]);
    const wanted = Object.entries(properties).filter(([name]) => required.has(name) || (depth < 6 && choices.chance(0.4)));
    const made = wanted.map(([name, inner]) => [name, value(inner, { name, depth: depth + 1 })]);
    const more = schema['additionalProperties'];
    if (typeof more === 'object' && more !== null && depth < 6)
      made.push([`key${choices.int(10)}`, value(more as JsonSchema, { name: '', depth: depth + 1 })]);
    return Object.fromEntries(made);
  }

  function value(schema: JsonSchema, { name, depth }: { name: string; depth: number }): unknown {
    if (typeof schema['$ref'] === 'string') return value(schemas[schema['$ref'].split('/').at(-1) ?? ''] ?? {}, { name, depth });
    if ('const' in schema) return schema['const'];
    if (Array.isArray(schema['enum'])) return choices.pick(schema['enum'] as unknown[]);
    const variants = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(variants)) return value(choices.pick(variants as JsonSchema[]), { name, depth });
    if (Array.isArray(schema['allOf']))
      return Object.assign({}, ...(schema['allOf'] as JsonSchema[]).map((part) => value(part, { name, depth })));
    const type = Array.isArray(schema['type']) ? choices.pick(schema['type'] as string[]) : schema['type'];
    switch (type) {
      case 'string':
        return (choices.chance(0.8) ? known(name) : null) ?? textWithin(schema, name, sources);
      case 'integer':
      case 'number':
        return numberWithin(schema, type === 'integer', choices);
      case 'boolean':
        return choices.chance(0.5);
      case 'null':
        return null;
      case 'array': {
        const length = Math.max(numberOf(schema['minItems'], 0), choices.int(Math.min(numberOf(schema['maxItems'], 4), 4) + 1));
        return Array.from({ length }, () => value((schema['items'] ?? {}) as JsonSchema, { name, depth: depth + 1 }));
      }
      case 'object':
        return object(schema, depth);
      default:
        return textWithin({}, name, sources);
    }
  }

  return {
    plausible: (schema, name = '') => value(schema, { name, depth: 0 }),
    hostile: () => hostile(choices),
    hostileText: () => hostileText(choices),
  };
}

function hostileText(choices: Choices): string {
  if (choices.chance(0.03)) return choices.pick(['x', '/', 'é', '🙂', '%', "'"]).repeat(LONG_TEXT);
  return choices.pick(hostileTexts);
}

function hostile(choices: Choices): unknown {
  if (choices.chance(0.5)) return hostileText(choices);
  if (choices.chance(0.4)) return choices.pick(hostileNumbers);
  return choices.pick<() => unknown>([
    () => null,
    () => true,
    () => [],
    () => ({}),
    () => [null, [], {}],
    () => nested(5 + choices.int(200)),
    () => Array.from({ length: 500 }, () => 'x'),
    () => Object.fromEntries([['__proto__', { admin: true, scopes: ['full'] }]]),
    () => ({ constructor: { prototype: { admin: true } }, toString: 1 }),
    () => Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index])),
    () => ({ [hostileText(choices)]: hostileText(choices) }),
  ])();
}

function numberWithin(schema: JsonSchema, isInteger: boolean, choices: Choices): number {
  const least = numberOf(schema['minimum'], numberOf(schema['exclusiveMinimum'], 0));
  const most = numberOf(schema['maximum'], least + 100);
  if (choices.chance(0.2)) return choices.pick([least, most]);
  const span = Math.min(most - least, 1_000);
  return least + (isInteger ? choices.int(span + 1) : choices.int(1_000) * (span / 1_000));
}

type TextSources = { readonly choices: Choices; readonly patternText: ReturnType<typeof createPatternTexts> };

function textWithin(schema: JsonSchema, name: string, { choices, patternText }: TextSources): string {
  const { format, pattern } = schema;
  const shortest = numberOf(schema['minLength'], 0);
  const longest = Math.min(numberOf(schema['maxLength'], 60), LONG_TEXT);
  if (format === 'date-time') return new Date(Date.UTC(2026, choices.int(12), 1 + choices.int(28), choices.int(24))).toISOString();
  if (format === 'uri') return 'https://example.com/x';
  if (typeof pattern === 'string') return patternText(pattern, choices);
  // At the bounds as well: full texts, of characters that take three bytes each.
  const filler = choices.pick(['a', 'ñ', '語']);
  if (choices.chance(0.1)) return filler.repeat(longest);
  return `${name || 'text'} ${choices.int(1_000_000)}`.slice(0, longest).padEnd(shortest, filler);
}

function textsOf(pattern: string): readonly string[] {
  try {
    return fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: 7, numRuns: 12 });
  } catch {
    // The library makes no text for some assertions; such a field gets only texts of other kinds.
    return ['x'];
  }
}

function nested(levels: number): unknown {
  let inner: unknown = 1;
  for (let level = 0; level < levels; level += 1) inner = level % 2 ? [inner] : { inner };
  return inner;
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}
