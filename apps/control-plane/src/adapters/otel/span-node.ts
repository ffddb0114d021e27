// A span before anybody knows whether it is sent: plain data.

export type SpanFields = Readonly<Record<string, string | number | boolean>>;

/** A stretch of time with a name. Instants are of the wall clock, ms since 1970. */
export type SpanNode = {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly fields: SpanFields;
  /** What went wrong, in a word of ours; null: nothing. */
  readonly error: string | null;
  /** Moments within it. */
  readonly moments: readonly { readonly name: string; readonly atMs: number; readonly fields: SpanFields }[];
  readonly children: readonly SpanNode[];
};

/** A span of which only `more` is said; one that ends before it begins, because a clock was set, has no length. */
export function plain(name: string, { fromMs, toMs }: Pick<SpanNode, 'fromMs' | 'toMs'>, more: Partial<SpanNode> = {}): SpanNode {
  return { name, fromMs: Math.min(fromMs, toMs), toMs, fields: {}, error: null, moments: [], children: [], ...more };
}
