// The operations of an OpenAPI document, flat: what the tests that walk every operation go by.
import { z } from 'zod';
import { permissionScopes } from '#shared/permission-scopes.ts';

/** A JSON schema, as far as anybody looks into it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header', 'cookie']),
  required: z.boolean().optional(),
  schema: z.record(z.string(), z.unknown()).default({}),
});
const accessSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('organization'), scope: z.enum([...permissionScopes, 'any']), idempotent: z.boolean() }),
  z.object({ kind: z.enum(['public', 'signed', 'admin']) }),
]);
const operationSchema = z.object({
  'x-access': accessSchema,
  parameters: z.array(parameterSchema).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()).default({}) })) }).optional(),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())).default({}) }).default({ schemas: {} }),
});

/** One operation. */
export type ApiOperation = {
  /** Such as `GET /calls/{callId}`. */
  readonly key: string;
  /** In capitals. */
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly access: z.infer<typeof accessSchema>;
  readonly parameters: readonly z.infer<typeof parameterSchema>[];
  /** The schema of its JSON body; null when it takes none. */
  readonly body: JsonSchema | null;
};

/** What is looked at in a document. */
export type ApiDescription = { readonly operations: readonly ApiOperation[]; readonly schemas: Readonly<Record<string, JsonSchema>> };

/** Reads a document; throws for an operation that does not say who may call it. */
export function describeApi(document: unknown): ApiDescription {
  // Through text, as a reader of the document gets it.
  const { paths, components } = documentSchema.parse(JSON.parse(JSON.stringify(document)));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, value]): ApiOperation => {
      const method = name.toUpperCase();
      const { parameters, requestBody, 'x-access': access } = operationSchema.parse(value);
      return { key: `${method} ${path}`, method, path, access, parameters, body: requestBody?.content['application/json']?.schema ?? null };
    }),
  );
  return { operations, schemas: components.schemas };
}
