// PostgreSQL's text holds neither U+0000 nor half of a surrogate pair: what carries one is refused at the edge, or it would be a fault at the insert.

/** Where something is wrong, such as `flow.nodes.0.text`, and what. */
export type UnstorableText = { readonly path: string; readonly message: string };

/** Why a text cannot be stored; null when it can. */
export function whyUnstorable(text: string): string | null {
  if (text.includes('\0')) return 'must not hold the character U+0000';
  return text.isWellFormed() ? null : 'must not hold half of a surrogate pair';
}

/** The first text of a JSON value, key or value, that cannot be stored. The caller has bounded the nesting. */
export function findUnstorableText(value: unknown, path = ''): UnstorableText | null {
  if (typeof value === 'string') {
    const message = whyUnstorable(value);
    return message === null ? null : { path, message };
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const message = whyUnstorable(key);
    if (message !== null) return { path, message: `the names in it ${message}` };
    const found = findUnstorableText(inner, path === '' ? key : `${path}.${key}`);
    if (found) return found;
  }
  return null;
}
