// What an organization may define as a tool of its own: one request to a host that the definition itself names.
import { z } from '@hono/zod-openapi';
import { PRODUCT_TOOL_NAMES } from '#dialog/tools/tool-names.ts';
import type { FieldProblem } from '#http/problem.ts';

export const httpToolMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export const httpToolEffects = ['read', 'write', 'guarded'] as const;

/** A model chooses badly among more, and each costs tokens of every turn. */
const MAX_PARAMETERS = 20;
const MAX_HEADERS = 10;
const TEXT_CHARACTERS_MAX = 500;
const URL_CHARACTERS_MAX = 1_000;

/** Headers that are the connection's or the body's, not the organization's to say. */
const RESERVED_HEADERS = new Set(
  (
    'host connection content-length content-type content-encoding transfer-encoding te trailer upgrade expect keep-alive ' +
    'proxy-authorization proxy-connection accept-encoding cookie idempotency-key'
  ).split(' '),
);
/** Browsers refuse ports of other protocols; here all below 1024 but the two of HTTP. */
const FIRST_FREE_PORT = 1_024;

const productNames: readonly string[] = PRODUCT_TOOL_NAMES;
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]{2,47}$/, '3 to 48 lower-case letters, digits and underscores, a letter first')
  .refine((text) => !productNames.includes(text), 'is the name of a tool of the product; choose another one');
const parameterName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,39}$/, '1 to 40 letters, digits and underscores, a letter first');

const parameter = z.strictObject({
  type: z.enum(['string', 'integer', 'number', 'boolean']),
  description: z.string().min(1).max(300),
  enum: z.array(z.string().min(1).max(100)).min(1).max(30).optional(),
  minLength: z.int().min(0).max(TEXT_CHARACTERS_MAX).optional(),
  maxLength: z.int().min(1).max(2_000).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

/** A JSON Schema of plain values: what a caller can say in words. No patterns: somebody's expression would run on our thread. */
const parameters = z.strictObject({
  type: z.literal('object'),
  properties: z
    .record(parameterName, parameter)
    .refine((all) => Object.keys(all).length <= MAX_PARAMETERS, `at most ${MAX_PARAMETERS} parameters`),
  required: z.array(parameterName).max(MAX_PARAMETERS).default([]),
  additionalProperties: z.literal(false).default(false),
});

const header = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'a header name'),
  value: z.string().regex(/^[\x20-\x7e]{1,1000}$/, '1 to 1000 printable characters'),
});

/** The fields of a definition, without what binds them together. */
export const httpToolFields = {
  name,
  description: z
    .string()
    .trim()
    .min(10)
    .max(TEXT_CHARACTERS_MAX)
    .openapi({ description: 'For the model: when to use it, and what comes back' }),
  effect: z.enum(httpToolEffects).openapi({
    description: '`read` may run again at will; `write` runs once for the same arguments; `guarded` besides asks the caller first',
  }),
  parameters: parameters.openapi({ description: 'JSON Schema of the arguments: an object of plain values', type: 'object' }),
  method: z.enum(httpToolMethods),
  url: z.string().max(URL_CHARACTERS_MAX).openapi({
    description:
      'http or https; `{parameter}` in path and query stands for a required argument. Other arguments go in the query, or in the JSON body',
    example: 'https://shop.example.com/orders/{number}',
  }),
  headers: z.array(header).max(MAX_HEADERS).openapi({ description: '`{secret}` in a value stands for the secret' }),
};

/** What a tool is, without its secret. */
export type HttpToolDraft = z.infer<z.ZodObject<typeof httpToolFields>>;

/** What does not go together in a definition; `hasSecret` says whether one is stored with it. */
export function findDraftProblems(draft: HttpToolDraft, hasSecret: boolean): readonly FieldProblem[] {
  const usesSecret = draft.headers.some(({ value }) => value.includes('{secret}'));
  const names = draft.headers.map((one) => one.name.toLowerCase());
  return [
    ...urlProblems(draft),
    ...parameterProblems(draft),
    ...names.flatMap((one, index) =>
      RESERVED_HEADERS.has(one) || names.indexOf(one) !== index
        ? [{ path: `headers.${index}.name`, message: 'is the appliance’s to say, or stands here twice' }]
        : [],
    ),
    ...(usesSecret && !hasSecret ? [{ path: 'secret', message: 'is missing: a header has {secret} in it' }] : []),
    ...(hasSecret && !usesSecret ? [{ path: 'headers', message: 'no header has {secret} in it, so the secret would never be sent' }] : []),
    ...(hasSecret && !draft.url.startsWith('https://') ? [{ path: 'url', message: 'must be https: a secret is sent along' }] : []),
  ];
}

/** Names in braces of a text. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(/\{([^{}]*)\}/g)].map(([, inner = '']) => inner);
}

function urlProblems({ url, parameters: { properties, required } }: HttpToolDraft): FieldProblem[] {
  const told = (message: string): FieldProblem[] => [{ path: 'url', message }];
  const [, host = ''] = /^https?:\/\/([^/?#]*)/.exec(url) ?? [];
  if (host === '' || /[{}@\s]/.test(host))
    return told('must begin with http:// or https:// and a host that is written out, without user and password');
  const sample = url.replaceAll(/\{[^{}]*\}/g, 'x');
  if (!URL.canParse(sample) || /[{}#\s\\]/.test(sample)) return told('is not an address, or has a fragment, a space or a single brace');
  const { port, pathname } = new URL(sample);
  if (port !== '' && Number(port) < FIRST_FREE_PORT && port !== '80' && port !== '443')
    return told('has a port that HTTP is not served on');
  if (!sample.startsWith(`${new URL(sample).protocol}//${host}${pathname === '/' ? '' : pathname}`))
    return told('has . or .. in its path, or characters that must be encoded');
  const unknown = placeholdersOf(url).find((one) => !Object.hasOwn(properties, one) || !required.includes(one));
  return unknown === undefined ? [] : told(`has {${unknown}}, which is not a required parameter`);
}

function parameterProblems({ parameters: { properties, required } }: HttpToolDraft): FieldProblem[] {
  const unknown = required.find((one) => !Object.hasOwn(properties, one));
  const missing = unknown === undefined ? [] : [{ path: 'parameters.required', message: `"${unknown}" is not a parameter` }];
  const odd = Object.entries(properties).flatMap(([one, { type, minLength, maxLength, minimum, maximum, ...rest }]) => {
    const isText = type === 'string';
    const isNumber = type === 'integer' || type === 'number';
    const textOnly = !isText && (minLength !== undefined || maxLength !== undefined || rest.enum !== undefined);
    const numberOnly = !isNumber && (minimum !== undefined || maximum !== undefined);
    const isEmpty = (minLength ?? 0) > (maxLength ?? Infinity) || (minimum ?? -Infinity) > (maximum ?? Infinity);
    const message = 'has a limit that its type does not have, or limits that leave nothing';
    return textOnly || numberOnly || isEmpty ? [{ path: `parameters.properties.${one}`, message }] : [];
  });
  return [...missing, ...odd];
}
