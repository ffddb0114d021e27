/** Writes the TypeScript of models, events and operations. The description's texts are Asterisk's: none of them is copied. */
import type { Description, Model, Operation } from './description.ts';
import { parameterType, propertyType, tsType } from './types.ts';

/** These travel on the event socket but belong to the transport, which handles them itself. */
const TRANSPORT_MODELS = new Set([
  'Message',
  'Event',
  'MissingParams',
  'RESTHeader',
  'RESTQueryStringParameter',
  'RESTRequest',
  'RESTResponse',
]);

/** `src/generated/models.ts`: every model that is not an event. */
export function emitModels(description: Description, version: string): string {
  const events = new Set(eventModels(description).map((model) => model.id));
  const models = description.models.filter((model) => !events.has(model.id) && !TRANSPORT_MODELS.has(model.id));
  return [
    header(version),
    'export type JsonObject = { readonly [key: string]: unknown };\n',
    ...models.map((model) => `export interface ${model.id} {\n${members(model).join('\n')}\n}\n`),
  ].join('\n');
}

/** `src/generated/events.ts`: one interface per event, their union, and what each must at least carry (for the parser). */
export function emitEvents(description: Description, version: string): string {
  const base = description.models.find((model) => model.id === 'Event');
  if (base === undefined) throw new Error('the description has no model "Event", from which every event derives');
  const message = description.models.find((model) => model.id === 'Message');
  const events = eventModels(description);
  const shared = [
    ...members(base, 'models.'),
    ...(message === undefined ? [] : members(message, 'models.').filter((line) => !line.includes(' type:'))),
  ];
  return [
    header(version),
    "import type * as models from './models.ts';\n",
    'type JsonObject = models.JsonObject;\n',
    `export interface EventFields {\n${shared.join('\n')}\n}\n`,
    ...events.map(
      (event) =>
        `export interface ${event.id} extends EventFields {\n  readonly type: '${event.id}';\n${members(event, 'models.').join('\n')}\n}\n`,
    ),
    `export type AriEvent =\n${events.map((event) => `  | ${event.id}`).join('\n')};\n`,
    `export const requiredFields: Readonly<Record<AriEvent['type'], Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object' | 'list'>>>> = {`,
    ...events.map((event) => `  ${event.id}: { ${requiredKinds(event).join(', ')} },`),
    '};\n',
  ].join('\n');
}

/** `src/generated/operations.ts`: parameters and results by operation name, and the table that turns a name into a request. */
export function emitOperations(description: Description, version: string): string {
  const operations = description.operations.filter((operation) => operation.upgrade === undefined);
  return [
    header(version),
    "import type * as models from './models.ts';\n",
    'type JsonObject = models.JsonObject;',
    'type JsonContainer = JsonObject | readonly unknown[];\n',
    'export type VariableValues = Readonly<Record<string, string | { readonly value: string; readonly report_events?: boolean }>>;\n',
    'export interface Operations {',
    ...operations.map(operationType),
    '}\n',
    'export interface OperationRoute {',
    "  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';",
    '  readonly path: string;',
    "  readonly result: 'void' | 'json' | 'binary';",
    '  readonly body?: { readonly name: string; readonly wrapped: boolean };',
    '}\n',
    'export const operations: Readonly<Record<keyof Operations, OperationRoute>> = {',
    ...operations.map(operationRoute),
    '};\n',
  ].join('\n');
}

function header(version: string): string {
  return `/** Generated from the API description of Asterisk ${version} by \`npm run generate\`. Do not edit. */\n`;
}

/** Every model that derives from Event, directly or not, without the transport's own. */
function eventModels(description: Description): readonly Model[] {
  const byId = new Map(description.models.map((model) => [model.id, model]));
  const found: Model[] = [];
  const visit = (id: string): void => {
    const model = byId.get(id);
    if (model === undefined) throw new Error(`the description names a sub type "${id}" that it does not describe`);
    if (id !== 'Event' && !TRANSPORT_MODELS.has(id)) found.push(model);
    for (const child of model.subTypes ?? []) visit(child);
  };
  visit('Event');
  return found.toSorted((a, b) => a.id.localeCompare(b.id, 'en'));
}

function members(model: Model, prefix = ''): readonly string[] {
  return Object.entries(model.properties).map(
    ([name, property]) => `  readonly ${key(name)}${property.required === true ? '' : '?'}: ${propertyType(property, prefix)};`,
  );
}

function requiredKinds(event: Model): readonly string[] {
  return Object.entries(event.properties)
    .filter(([, property]) => property.required === true)
    .map(([name, property]) => `${key(name)}: '${jsonKind(property.type)}'`);
}

function jsonKind(type: string): string {
  const scalar = tsType(type);
  if (scalar.startsWith('readonly ')) return 'list';
  return ['string', 'number', 'boolean'].includes(scalar) ? scalar : 'object';
}

function operationType(operation: Operation): string {
  const parameters = operation.parameters.map(
    (parameter) =>
      `      readonly ${key(parameter.name)}${parameter.required === true || parameter.paramType === 'path' ? '' : '?'}: ${parameterType(parameter)};`,
  );
  const shape = parameters.length === 0 ? 'Record<never, never>' : `{\n${parameters.join('\n')}\n    }`;
  return `  '${operation.name}': {\n    params: ${shape};\n    result: ${tsType(operation.responseClass, 'models.')};\n  };`;
}

function operationRoute(operation: Operation): string {
  const body = operation.parameters.find((parameter) => parameter.paramType === 'body');
  const result = ['void', 'binary'].includes(operation.responseClass) ? operation.responseClass : 'json';
  const fields = [`method: '${operation.httpMethod}'`, `path: '${operation.path}'`, `result: '${result}'`];
  // "containers" are looked up by name inside a JSON body; a plain "object" is the body itself.
  if (body !== undefined) fields.push(`body: { name: '${body.name}', wrapped: ${body.dataType === 'containers'} }`);
  return `  '${operation.name}': { ${fields.join(', ')} },`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
}
