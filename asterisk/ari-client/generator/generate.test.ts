import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generate } from './generate.ts';

const THINGS = {
  resourcePath: '/api-docs/things.{format}',
  apis: [
    {
      path: '/things/{thingId}',
      description: 'a text that must not be copied',
      operations: [
        {
          httpMethod: 'POST',
          nickname: 'paint',
          responseClass: 'List[Thing]',
          summary: 'another text',
          parameters: [
            { name: 'thingId', paramType: 'path', dataType: 'string', required: true },
            {
              name: 'colour',
              paramType: 'query',
              dataType: 'string',
              required: true,
              allowMultiple: true,
              allowableValues: { valueType: 'LIST', values: ['red', 'blue'] },
            },
            { name: 'variables', paramType: 'body', dataType: 'containers', required: false },
          ],
        },
        { httpMethod: 'GET', nickname: 'watch', responseClass: 'Message', upgrade: 'websocket' },
      ],
    },
  ],
  models: {
    Thing: { id: 'Thing', properties: { id: { type: 'string', required: true }, size: { type: 'int', description: 'a third text' } } },
  },
};

const EVENTS = {
  resourcePath: '/api-docs/events.{format}',
  apis: [],
  models: {
    Message: { id: 'Message', subTypes: ['Event'], properties: { type: { type: 'string', required: true } } },
    Event: { id: 'Event', subTypes: ['ThingPainted', 'RESTResponse'], properties: { timestamp: { type: 'Date', required: true } } },
    ThingPainted: {
      id: 'ThingPainted',
      properties: { thing: { type: 'Thing', required: true }, tags: { type: 'List[string]', required: true } },
    },
    RESTResponse: { id: 'RESTResponse', properties: {} },
  },
};

async function generated(files: Record<string, object>): Promise<{ models: string; events: string; operations: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ari-description-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content));
    await generate({ folder, version: '22.0.0', target: folder });
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    return { models: await read('models.ts'), events: await read('events.ts'), operations: await read('operations.ts') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('models, events and operations become types, and no text of the description is copied', async () => {
  const { models, events, operations } = await generated({ 'things.json': THINGS, 'events.json': EVENTS });
  expect(models).toContain('export interface Thing {\n  readonly id: string;\n  readonly size?: number;\n}');
  expect(models).not.toContain('ThingPainted');
  expect(events).toContain("  readonly type: 'ThingPainted';\n  readonly thing: models.Thing;\n  readonly tags: readonly string[];");
  expect(events).toContain("ThingPainted: { thing: 'object', tags: 'list' }");
  expect(events).not.toContain('RESTResponse');
  expect(operations).toContain("readonly colour: readonly ('red' | 'blue')[];");
  expect(operations).toContain('readonly variables?: VariableValues;');
  expect(operations).toContain(
    "'things.paint': { method: 'POST', path: '/things/{thingId}', result: 'json', body: { name: 'variables', wrapped: true } }",
  );
  expect(operations).not.toContain('things.watch');
  for (const file of [models, events, operations]) {
    expect(file).toContain('Asterisk 22.0.0');
    expect(file).not.toMatch(/text/);
  }
});

test('two operations of one name, or a sub type nobody describes, are refused by name', async () => {
  const twice = { ...THINGS, apis: [...THINGS.apis, ...THINGS.apis] };
  await expect(generated({ 'things.json': twice, 'events.json': EVENTS })).rejects.toThrow('two of operation "things.paint"');
  const orphan = { ...EVENTS, models: { ...EVENTS.models, Event: { ...EVENTS.models.Event, subTypes: ['Ghost'] } } };
  await expect(generated({ 'things.json': THINGS, 'events.json': orphan })).rejects.toThrow('"Ghost"');
});

test('a file that is no description is refused with its name and field', async () => {
  await expect(generated({ 'things.json': { apis: 'none' } })).rejects.toThrow(/things\.json is not an ARI description[^]*apis/);
  await expect(generated({})).rejects.toThrow('give the rest-api folder');
});
