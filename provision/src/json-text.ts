/** JSON that may be damaged, read for a schema to judge. */

/** Undefined for what is no JSON: the schema then says so with the rest. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
