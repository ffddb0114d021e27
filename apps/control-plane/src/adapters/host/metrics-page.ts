// A page of Prometheus' text form, as far as we need one: the inference server's own word on what it takes.

/** Values of a page by series name; those with labels by `name{label="value"}` as they stand there. */
export type MetricsPage = ReadonlyMap<string, number>;

/** A page of ours has some hundred lines; Triton's some thousand. */
const MAX_BYTES = 2_000_000;
const LIMIT_MS = 2_000;

/** Null when the page does not answer in time, or is none. */
export async function readMetricsPage(url: string, { signal }: { signal: AbortSignal }): Promise<MetricsPage | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) });
    const text = await response.text();
    return response.ok && text.length <= MAX_BYTES ? parseMetricsPage(text) : null;
  } catch {
    return null;
  }
}

/** Parses the lines that are a name, perhaps labels, and a number. */
export function parseMetricsPage(text: string): MetricsPage {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?)\s+(\S+)/.exec(line);
    if (match?.[1] !== undefined && Number.isFinite(Number(match[2]))) values.set(match[1], Number(match[2]));
  }
  return values;
}
