/** Reads and merges the `.env` file key by key: what the operator added or changed stays where it was. */

/** Parses `KEY=value` lines as Node's `--env-file` does: optional quotes, comments on their own line. */
export function parseEnvFile(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], unquote(match[2]));
  }
  return values;
}

/**
 * Sets `values` in `text`: a key that is there is replaced in its line, a new one goes to the end, everything else,
 * comments and unknown keys included, stays as it is. Throws for a value that the file's syntax cannot carry.
 */
export function mergeEnvFile(text: string, values: Readonly<Record<string, string>>): string {
  const missing = new Map(Object.entries(values));
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const merged = lines.map((line) => {
    const key = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];
    const value = key === undefined ? undefined : missing.get(key);
    if (key === undefined || value === undefined) return line;
    missing.delete(key);
    return parseEnvFile(line).get(key) === value ? line : formatLine(key, value);
  });
  for (const [key, value] of missing) merged.push(formatLine(key, value));
  return `${merged.join('\n')}\n`;
}

/** Takes the lines of `keys` out of `text`; everything else stays as it is. */
export function dropEnvKeys(text: string, keys: readonly string[]): string {
  const isDropped = (line: string): boolean => keys.includes(/^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1] ?? '');
  return text
    .split('\n')
    .filter((line) => !isDropped(line))
    .join('\n');
}

function formatLine(key: string, value: string): string {
  if (/[\n\r']/.test(value)) throw new Error(`.env: ${key} holds a line break or a single quote, which the file cannot carry`);
  return /^[A-Za-z0-9_./:@,+-]*$/.test(value) ? `${key}=${value}` : `${key}='${value}'`;
}

function unquote(value: string): string {
  const quoted = /^(['"`])(.*)\1$/.exec(value);
  return quoted?.[2] ?? value;
}
