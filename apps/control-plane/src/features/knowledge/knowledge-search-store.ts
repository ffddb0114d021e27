// Search over one agent's pieces: by meaning, by words, and both answers fused by rank.
import type { Database } from '#db/client.ts';
import type { KnowledgeQuestion, KnowledgeSearch, Passage } from '#ports/knowledge-search.ts';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import type { Log } from '#shared/log.ts';
import { answeringKindRead, passageRead } from './knowledge-search-sql.ts';

/** Embeddings at hand. The first makes the vectors of new pieces; the others only answer where theirs are not replaced yet. */
export type Embeddings = readonly [TextEmbedding, ...TextEmbedding[]];

type Parts = { readonly database: Database; readonly embeddings: Embeddings; readonly log: Log };

/** A longer question is cut: what callers say is shorter, and each of its words is looked up in every document. */
const MAX_QUESTION_CHARACTERS = 1_000;

export function createKnowledgeSearch(parts: Parts): KnowledgeSearch {
  return { search: (question, { signal }) => search(parts, question, signal) };
}

async function search({ database, embeddings, log }: Parts, asked: KnowledgeQuestion, signal: AbortSignal): Promise<readonly Passage[]> {
  const question = { ...asked, text: asked.text.slice(0, MAX_QUESTION_CHARACTERS) };
  const { scope } = question;
  const [newest] = embeddings;
  const guess = await vectorOf(newest, question.text, signal);
  // Both in one round trip: nearly always the newest kind is the one that answers.
  const [[answering], passages] = await database.read(scope, [answeringKindRead(question), passageRead(question, guess)]);
  signal.throwIfAborted();
  if (!answering) return [];
  const { kind } = answering;
  if (kind === newest.kind) return passages;
  const earlier = embeddings.find((embedding) => embedding.kind === kind);
  if (!earlier) log.warn({ kind }, 'nothing here makes vectors of the kind that answers: the search goes by words alone');
  const vector = earlier ? await vectorOf(earlier, question.text, signal) : null;
  const [found] = await database.read(scope, [passageRead(question, vector)]);
  signal.throwIfAborted();
  return found;
}

async function vectorOf(embedding: TextEmbedding, text: string, signal: AbortSignal) {
  const [values] = await embedding.embed([text], { purpose: 'question', signal });
  if (!values) throw new Error(`the embedding ${embedding.kind} gave no vector for a question`);
  return { kind: embedding.kind, values };
}
