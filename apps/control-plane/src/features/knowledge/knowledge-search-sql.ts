// The statements of a search, made once: the server parses them once per connection.
import type { BoundRead } from '#db/prepared-read.ts';
import type { KnowledgeQuestion, Passage } from '#ports/knowledge-search.ts';
import { languagesOf, stemmerOf, unaccentedForms } from '#shared/text-language.ts';

/** Pieces that each of the two ways proposes. 40 lost 5 % of the passages that an exhaustive fusion has among its first five (bench:rag). */
const CANDIDATES = 100;
/** Reciprocal rank fusion: 1 / (60 + rank) in each way, added up. 60 is the constant of Cormack, Clarke and Büttcher (2009). */
const RANK_OFFSET = 60;
/** A stem in more than this part of the pieces says nothing, unless the question has no rarer one. */
const COMMON_SHARE = 0.2;

/** A question's vector, and the embedding that made it. */
export type QuestionVector = { readonly kind: string; readonly values: Float32Array };

/** Which kind of vectors answers for the agent; no row when it knows nothing. */
export function answeringKindRead({ scope, agentId }: KnowledgeQuestion): BoundRead<{ readonly kind: string }> {
  return {
    text: 'select kind from rag_indexes where org_id = $1 and agent_id = $2',
    values: [scope.organizationId, agentId],
    toRow: ([kind]) => ({ kind: kind as string }),
  };
}

/**
 * The best passages, best first. Without a vector the search goes by words alone. The vectors of other kinds are not looked at.
 * The organization is named beside the policy, for the plan and as a second barrier.
 */
export function passageRead(question: KnowledgeQuestion, vector: QuestionVector | null): BoundRead<Passage> {
  const { scope, agentId, text, categories, limit } = question;
  const languages = languagesOf(text);
  const [stemmer, otherStemmer] = [stemmerOf(languages[0] ?? 'es'), stemmerOf(languages.at(-1) ?? 'es')];
  return {
    text: PASSAGES,
    values: [
      scope.organizationId,
      agentId,
      categories ? JSON.stringify(categories) : '',
      // A document with accents holds its words without them too; this is for one without and a question with.
      `${text}\n${unaccentedForms(text)}`,
      stemmer,
      otherStemmer,
      vector ? `[${vector.values.join(',')}]` : '[0]',
      vector?.kind ?? '',
      limit,
    ],
    toRow: ([chunkId, passage, source, headings, category, score]) => ({
      chunkId: chunkId as string,
      text: passage as string,
      source: source as string,
      headings: headings as string[],
      category: category as string | null,
      score: score as number,
    }),
  };
}

/** Whether a row's category was asked for. */
const inCategories = `($3 = '' or category = any (array(select json_array_elements_text(nullif($3, '')::json))))`;

const PASSAGES = `
with documents as materialized (
  select id, number, name, stored_count from rag_documents where org_id = $1 and agent_id = $2 and ${inCategories}
), nearest as materialized (
  select chunk_id, embedding <=> $7::halfvec as distance from rag_vectors
  where org_id = $1 and agent_id = $2 and kind = $8 and ${inCategories}
  order by distance limit ${CANDIDATES}
), by_meaning as (
  select chunk_id, row_number() over (order by distance, chunk_id) as rank from nearest
), postings as materialized (
  select document_number, stem, ordinals from rag_postings
  where org_id = $1 and document_number = any (array(select number from documents))
    and stem = any (tsvector_to_array(to_tsvector($5::regconfig, $4) || to_tsvector($6::regconfig, $4)))
), frequencies as (
  select stem, sum(cardinality(ordinals))::float8 as pieces from postings group by stem
), weights as materialized (
  select stem, ln(1 + (total.pieces + 0.5) / (frequencies.pieces + 0.5)) as weight
  from frequencies, (select sum(stored_count)::float8 as pieces from documents) as total
  where frequencies.pieces <= greatest(total.pieces * ${COMMON_SHARE}, (select min(pieces) from frequencies))
), scored as materialized (
  select document_number, ordinal, sum(weight) as score
  from postings join weights using (stem), unnest(ordinals) as ordinal
  group by document_number, ordinal order by score desc, document_number, ordinal limit ${CANDIDATES}
), by_words as (
  select chunk.id as chunk_id, row_number() over (order by score desc, document_number, scored.ordinal) as rank
  from scored join documents on documents.number = document_number
    join rag_chunks as chunk on chunk.org_id = $1 and chunk.document_id = documents.id and chunk.ordinal = scored.ordinal
), fused as (
  select chunk_id, coalesce(1.0 / (${RANK_OFFSET} + by_meaning.rank), 0) + coalesce(1.0 / (${RANK_OFFSET} + by_words.rank), 0) as score
  from by_meaning full join by_words using (chunk_id) order by score desc, chunk_id limit $9
)
select chunk.id, chunk.text, documents.name, to_json(chunk.headings), chunk.category, fused.score::float8
from fused join rag_chunks as chunk on chunk.org_id = $1 and chunk.id = fused.chunk_id
  join documents on documents.id = chunk.document_id
order by fused.score desc, chunk.id`;
