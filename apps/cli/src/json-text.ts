// Texts of strangers, read as JSON where something else says what is wrong with them.

/** The value that a text spells; null for what is no JSON, as for JSON's own null. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
