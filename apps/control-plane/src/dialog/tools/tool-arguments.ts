// What a model wrote as arguments: read as JSON, held to the tool's schema, and told back so exactly that the model can repair it.
import { z } from 'zod';
import type { JsonSchema } from '#ports/language-model.ts';
import type { Tool } from './tool.ts';

/** Arguments longer than this are refused unread: the longest of the product's own tools takes 2,000 characters. */
const ARGUMENTS_CHARACTERS_MAX = 16_000;
/** Mistakes told at once; a model repairs the first few or none. */
const PROBLEMS_MAX = 5;

export type ParsedArguments =
  | { readonly kind: 'valid'; readonly value: unknown }
  /** One line each: where, and what was expected. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Arguments that the tool may get. */
export function parseArguments(tool: Pick<Tool, 'arguments'>, argumentsJson: string): ParsedArguments {
  if (argumentsJson.length > ARGUMENTS_CHARACTERS_MAX) {
    return { kind: 'invalid', problems: [`arguments: expected at most ${ARGUMENTS_CHARACTERS_MAX} characters`] };
  }
  let json: unknown;
  try {
    // Models write nothing at all for a tool without parameters.
    json = argumentsJson.trim() === '' ? {} : JSON.parse(argumentsJson);
  } catch {
    return { kind: 'invalid', problems: ['arguments: expected one JSON object'] };
  }
  const parsed = tool.arguments.safeParse(json);
  if (parsed.success) return { kind: 'valid', value: parsed.data };
  return { kind: 'invalid', problems: parsed.error.issues.slice(0, PROBLEMS_MAX).map(problemOf) };
}

/** The schema that the model is shown. */
export function schemaOf(tool: Pick<Tool, 'arguments' | 'schema'>): JsonSchema {
  if (tool.schema !== undefined) return tool.schema;
  // `input`: what the model must write, not what the tool gets after defaults. The draft's address only costs tokens.
  const { $schema: _, ...schema } = z.toJSONSchema(tool.arguments, { io: 'input' });
  return schema;
}

function problemOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.length === 0 ? 'arguments' : path.join('.')}: ${message}`;
}
