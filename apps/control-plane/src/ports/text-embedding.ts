// Text as vectors, for search by meaning.

/** An embedding. Vectors of two kinds have nothing in common and are never compared. */
export type TextEmbedding = {
  /** Which model made a vector, stored beside it: `hashed-ngram-v1`, or the name and revision of a model folder. */
  readonly kind: string;
  readonly dimensions: number;
  /** One vector of length 1 for each text, in their order. `purpose`: several models embed a question otherwise than a passage. */
  embed(texts: readonly string[], options: { purpose: 'passage' | 'question'; signal: AbortSignal }): Promise<readonly Float32Array[]>;
};
