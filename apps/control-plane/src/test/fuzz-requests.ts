// Requests for every operation of an OpenAPI document: some as a client would send them, most with something wrong, some hostile throughout.
import type { ApiDescription, ApiOperation } from './api-operations.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { endsOwnThings } from './fuzz-world.ts';
import type { Focus } from './fuzz-world.ts';
import type { ValueMaker } from './fuzz-values.ts';
import { createValueMaker } from './fuzz-values.ts';
import type { Choices } from './seeded-random.ts';

/** A request as it goes over the wire. */
export type FuzzRequest = {
  readonly operation: ApiOperation;
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/** Share of requests that come with a key or token that is good for the operation. */
const GOOD_ACCESS = 0.7;
/** Share of requests with nothing wrong in path, query and body. */
const WELL_FORMED = 0.3;
/** Share of requests that keep to one organization: of an operation with three ids, few others name what belongs together. */
const FOCUSED = 0.6;
/** Operations that read whole chains, or compare everything with Asterisk, come this much less often. */
const EXPENSIVE = /\/(verify|reconcile|export|download)$/;
const EXPENSIVE_SHARE = 0.5;

const JSON_TYPE = 'application/json';
const BOUNDARY = 'fuzzed-form';
const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];
const CONTENT_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/problem+json',
  'application/json;;;',
  'application/jsonp',
  'x',
  '*/*',
];
const ACCEPTS = ['text/html', 'application/xml', 'image/*;q=0.1', 'garbage', '*/*;q=0', 'application/json'];
const RANGES = [
  'bytes=0-',
  'bytes=0-99',
  'bytes=-1',
  'bytes=9999999999-',
  'bytes=5-1',
  'bytes=a-b',
  'bytes=0-0,5-9',
  'lines=1-2',
  `bytes=${'0-1,'.repeat(200)}`,
];
const BROKEN_TARGET_PARTS = [
  '%00',
  '%ff',
  '%',
  '%zz',
  '%ed%a0%80',
  '%C0%AF',
  '..%2f..%2f',
  '%2e%2e',
  '%u0041',
  '%25',
  '+',
  '%20',
  ';x=1',
  '%F0%9F%99%82',
];

/** Makes requests, one after another; what they name exists in `world`, or does not. */
export function createRequestMaker(parts: { readonly api: ApiDescription; readonly world: FuzzWorld; readonly choices: Choices }) {
  const { api, world, choices } = parts;
  let made = 0;

  return (): FuzzRequest => {
    let operation = choices.pick(api.operations);
    while (EXPENSIVE.test(operation.path) && !choices.chance(EXPENSIVE_SHARE)) operation = choices.pick(api.operations);
    const focus = focusOf(operation, choices);
    const known = (name: string): string | null => world.known(operation, name, { focus, choices });
    const values = createValueMaker({ choices, schemas: api.schemas, known });
    // At most one part is wrong in half of the malformed ones, so that what is behind the first check is reached as well.
    const isWellFormed = choices.chance(WELL_FORMED);
    const spoils = (share: number): boolean => !isWellFormed && choices.chance(share);
    made += 1;
    const sample = choices.chance(0.6) ? world.body(operation, { unique: made, focus, choices }) : undefined;
    const isForm = sample instanceof FormData;
    const body = isForm ? formOf(made, { choices, spoils }) : bodyOf(operation, { values, choices, spoils, sample });
    return {
      operation,
      method: spoils(0.06) ? choices.pick(METHODS) : operation.method,
      target: signedTargetOf(operation, { world, choices, spoils }) ?? targetOf(operation, { values, choices, spoils, known }),
      headers: headersOf(operation, {
        choices,
        spoils,
        world,
        values,
        focus,
        mediaType: isForm ? FORM_TYPE : JSON_TYPE,
        hasBody: body !== null,
      }),
      body,
    };
  };
}

/** What a client ends is the second organization's. */
function focusOf(operation: ApiOperation, choices: Choices): Focus {
  // Who replaces a thing without an id replaces its own.
  if (operation.method === 'PUT') return 1;
  if (!choices.chance(FOCUSED)) return null;
  return endsOwnThings(operation) ? 1 : choices.pick([0, 0, 1] as const);
}

/** A form with one file; another for each `unique`. */
function formOf(unique: number, { choices, spoils }: Omit<Spoiling, 'values'>): string {
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="f-${unique}.txt"\r\ncontent-type: text/plain`;
  const text = `${head}\r\n\r\nEl masaje ${unique} cuesta 45 euros.\r\n--${BOUNDARY}--\r\n`;
  if (!spoils(0.6)) return text;
  return choices.pick<(form: string) => string>([
    (form) => form.slice(0, choices.int(form.length + 1)),
    (form) => form.replace('"file"', '"other"'),
    (form) => form.replace(/filename="[^"]*"/, `filename="${'../'.repeat(choices.int(200))}\u0000"`),
    (form) => form.replace('text/plain', 'application/pdf'),
    (form) => form.replace(`--${BOUNDARY}`, `--${BOUNDARY}-`),
    (form) => form.replaceAll('\r\n', '\n'),
    (form) => form.replace('El masaje', '\u0000'.repeat(1_000)),
    (form) => `${form}${form}`,
  ])(text);
}

type Spoiling = { readonly values: ValueMaker; readonly choices: Choices; readonly spoils: (share: number) => boolean };

/** A link that was given out, with a character or a parameter changed when something is to be wrong; null where links are no business. */
function signedTargetOf({ access }: ApiOperation, parts: { world: FuzzWorld } & Omit<Spoiling, 'values'>): string | null {
  const { world, choices, spoils } = parts;
  const target = access.kind === 'signed' && choices.chance(0.6) ? world.signedTarget(choices) : null;
  if (target === null || !spoils(0.5)) return target;
  const at = choices.int(target.length - 1) + 1;
  return choices.pick([`${target.slice(0, at)}0${target.slice(at + 1)}`, target.slice(0, at), `${target}&expires=1`]);
}

function targetOf(operation: ApiOperation, parts: Spoiling & { known: (name: string) => string | null }): string {
  const { values, choices, spoils, known } = parts;
  const path = operation.path.replaceAll(/{(.+?)}/g, (_braces, name: string) => {
    if (spoils(0.08)) return choices.pick(BROKEN_TARGET_PARTS);
    if (spoils(0.12)) return encode(values.hostileText());
    const schema = operation.parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema ?? {};
    return encode(known(name) ?? String(values.plausible(schema, name)));
  });
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .filter(({ required }) => required === true || choices.chance(0.35))
    .flatMap(({ name, schema }) => {
      const value = spoils(0.3) ? (choices.chance(0.2) ? null : values.hostileText()) : String(values.plausible(schema, name));
      const pair = `${name}=${value === null ? choices.pick(BROKEN_TARGET_PARTS) : encode(value)}`;
      return spoils(0.05) ? [pair, pair] : [pair];
    });
  if (spoils(0.04)) query.push(`${encode(values.hostileText())}=${encode(values.hostileText())}`);
  if (spoils(0.01)) query.push(`x=${'y'.repeat(choices.pick([7_000, 9_000]))}`);
  const tail = spoils(0.03) ? choices.pick(['/', '//', '/..', '/.', ';a', '%2f', '/%00']) : '';
  return `${path}${tail}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** Half of a surrogate pair has no percent-encoding; three bytes that decoders refuse stand for it. */
function encode(text: string): string {
  const bounded = text.slice(0, 3_000);
  return bounded.isWellFormed() ? encodeURIComponent(bounded) : `%ed%a0%80${encodeURIComponent(bounded.toWellFormed())}`;
}

type HeaderParts = Spoiling & { world: FuzzWorld; focus: Focus; mediaType: string; hasBody: boolean };

function headersOf(operation: ApiOperation, parts: HeaderParts): Readonly<Record<string, string>> {
  const { choices, spoils, world, values, focus, mediaType, hasBody } = parts;
  const headers: Record<string, string> = {
    // Each comes from somewhere else: the limit of failed attempts per address has a test of its own.
    'x-forwarded-for': `10.${choices.int(256)}.${choices.int(256)}.${choices.int(256)}`,
    ...(choices.chance(GOOD_ACCESS) ? world.goodAccess(operation, { focus, choices }) : world.badAccess(choices)),
  };
  if (hasBody) headers['content-type'] = spoils(0.05) ? choices.pick(CONTENT_TYPES) : mediaType;
  if (spoils(0.05)) headers['accept'] = choices.pick(ACCEPTS);
  if (operation.method !== 'GET' && choices.chance(0.15))
    headers['idempotency-key'] = spoils(0.3) ? headerText(values.hostileText()) : `fuzz-key-${choices.int(200)}`;
  if (operation.path.startsWith('/admin/calls/') && choices.chance(0.5))
    headers['x-break-glass'] = spoils(0.4) ? headerText(values.hostileText()) : 'fuzzing the appliance';
  if (operation.path.startsWith('/recordings/') && choices.chance(0.5)) headers['range'] = choices.pick(RANGES);
  if (spoils(0.02)) headers['x-forwarded-for'] = headerText(values.hostileText());
  if (spoils(0.02)) headers['if-none-match'] = headerText(values.hostileText());
  return headers;
}

/** A client cannot send controls in a header; the server's tests of broken HTTP do. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '?').slice(0, 2_000);
}

function bodyOf(operation: ApiOperation, { values, choices, spoils, sample }: Spoiling & { sample: unknown }): string | null {
  if (operation.body === null) return spoils(0.03) ? JSON.stringify(values.hostile()) : null;
  if (spoils(0.03)) return null;
  if (spoils(0.05)) return JSON.stringify(values.hostile());
  const plausible = sample ?? values.plausible(operation.body);
  if (!spoils(0.6)) return JSON.stringify(plausible);
  const spoilt = JSON.stringify(spoil(plausible, { values, choices }));
  if (!choices.chance(0.15)) return spoilt;
  return choices.pick<(text: string) => string>([
    (text) => text.slice(0, choices.int(text.length + 1)),
    (text) => `${text}x`,
    (text) => text.replace('"', "'"),
    (text) => text.replaceAll(/:\s*\d+/g, ':1e400'),
    (text) => text.replace('{', '{"__proto__":{"a":1},'),
    (text) => text.replace(/^\{("[^"]*":)/, '{$1null,$1'),
    (text) => `${'['.repeat(3_000)}${text}`,
    () => `{"a":"${'x'.repeat(1_200_000)}"}`,
    () => '',
    () => '\u0000',
  ])(spoilt);
}

/** The value with one of its parts, however deep, replaced, dropped or added. */
function spoil(value: unknown, parts: { values: ValueMaker; choices: Choices }): unknown {
  const { values, choices } = parts;
  if (typeof value !== 'object' || value === null || choices.chance(0.05)) return values.hostile();
  const entries = Object.entries(value);
  if (entries.length === 0 || choices.chance(0.1)) {
    const added: [string, unknown] = [
      choices.pick(['organizationId', 'orgId', 'id', 'scopes', 'active', values.hostileText()]),
      values.hostile(),
    ];
    return Array.isArray(value) ? [...(value as unknown[]), values.hostile()] : Object.fromEntries([...entries, added]);
  }
  const [name] = choices.pick(entries);
  if (Array.isArray(value)) return value.map((inner: unknown, index) => (String(index) === name ? spoil(inner, parts) : inner));
  if (choices.chance(0.1)) return Object.fromEntries(entries.filter(([key]) => key !== name));
  return Object.fromEntries(entries.map(([key, inner]) => [key, key === name ? spoil(inner, parts) : inner]));
}
