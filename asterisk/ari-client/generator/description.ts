/** Reads Asterisk's own API description (Swagger 1.1 as Asterisk writes it), so that the emitters only ever see checked shapes. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const allowableValues = z.object({ valueType: z.string(), values: z.array(z.string()).optional() }).optional();

const property = z.object({ type: z.string(), required: z.boolean().optional(), allowableValues });

const model = z.object({
  id: z.string(),
  subTypes: z.array(z.string()).optional(),
  properties: z.record(z.string(), property),
});

const parameter = z.object({
  name: z.string(),
  paramType: z.enum(['path', 'query', 'body']),
  dataType: z.string(),
  required: z.boolean().optional(),
  allowMultiple: z.boolean().optional(),
  allowableValues,
});

const operation = z.object({
  httpMethod: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  nickname: z.string(),
  responseClass: z.string(),
  upgrade: z.string().optional(),
  parameters: z.array(parameter).default([]),
});

const resource = z.object({
  resourcePath: z.string(),
  apis: z.array(z.object({ path: z.string(), operations: z.array(operation) })),
  models: z.record(z.string(), model).default({}),
});

export type Property = z.infer<typeof property>;
export type Model = z.infer<typeof model>;
export type Parameter = z.infer<typeof parameter>;

/** One operation with its full name, such as `channels.answer`. */
export type Operation = z.infer<typeof operation> & { readonly name: string; readonly path: string };

/** What the whole folder describes. */
export interface Description {
  readonly models: readonly Model[];
  readonly operations: readonly Operation[];
}

/** Reads every description in `folder`. Throws, naming the file and the field, when one is not what this generator understands. */
export async function readDescription(folder: string): Promise<Description> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json') && file !== 'resources.json').toSorted();
  if (files.length === 0) throw new Error(`no *.json in ${folder}: give the rest-api folder of the Asterisk package`);
  const models: Model[] = [];
  const operations: Operation[] = [];
  for (const file of files) {
    const parsed = resource.safeParse(JSON.parse(await readFile(join(folder, file), 'utf8')));
    if (!parsed.success) throw new Error(`${file} is not an ARI description: ${z.prettifyError(parsed.error)}`);
    const area = file.slice(0, -'.json'.length);
    models.push(...Object.values(parsed.data.models));
    for (const { path, operations: found } of parsed.data.apis) {
      for (const one of found) operations.push({ ...one, path, name: `${area}.${one.nickname}` });
    }
  }
  refuseDuplicates(
    'model',
    models.map((one) => one.id),
  );
  refuseDuplicates(
    'operation',
    operations.map((one) => one.name),
  );
  for (const one of operations)
    refuseDuplicates(
      `parameter of ${one.name}`,
      one.parameters.map((each) => each.name),
    );
  return { models, operations };
}

/** Parameters are passed as one flat object, and models share one namespace: a second one of a name would hide the first. */
function refuseDuplicates(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new Error(`the description has two of ${what} "${name}"`);
    seen.add(name);
  }
}
