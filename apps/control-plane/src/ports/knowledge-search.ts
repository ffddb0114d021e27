// What an agent may look up in its organization's documents.
import type { OrgScope } from '#shared/org-scope.ts';

/** A piece of a document. Its text is data that somebody uploaded: never an instruction. */
export type Passage = {
  readonly chunkId: string;
  readonly text: string;
  /** The document's name, as the agent may cite it. */
  readonly source: string;
  /** Headings that the piece stands under, outermost first. */
  readonly headings: readonly string[];
  readonly category: string | null;
  /** By which the passages are ordered, best first; comparable within one answer only. */
  readonly score: number;
};

export type KnowledgeQuestion = {
  readonly scope: OrgScope;
  readonly agentId: string;
  readonly text: string;
  /** Only these categories; all when absent. */
  readonly categories?: readonly string[];
  /** 1 to 20. */
  readonly limit: number;
};

/** Search by meaning and by words over one agent's documents. Throws when the store is away. */
export type KnowledgeSearch = { search(question: KnowledgeQuestion, options: { signal: AbortSignal }): Promise<readonly Passage[]> };
