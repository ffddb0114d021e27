/** Search without any shortcut, computed apart from the product: every piece is scored both ways and ranked whole. What the product finds is held against it. */
import { addressOptions } from '@centralita/control-plane/db/server-address.ts';
import postgres from 'postgres';
import { embeddedText } from '@centralita/control-plane/features/knowledge/embedded-text.ts';
import type { TextEmbedding } from '@centralita/control-plane/ports/text-embedding.ts';
import type { OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { languagesOf, stemmerOf, textLanguage, unaccentedForms } from '@centralita/control-plane/shared/text-language.ts';
import type { TextLanguage } from '@centralita/control-plane/shared/text-language.ts';

/** The constant of reciprocal rank fusion. */
const RANK_OFFSET = 60;
/** A piece's vector takes under a millisecond. */
const EMBED_MS = 5_000;

type StoredPiece = {
  readonly id: string;
  readonly category: string | null;
  readonly stems: ReadonlySet<string>;
  readonly vector: Float32Array;
};

/** Disposing it closes its connection. */
export type ExactSearch = AsyncDisposable & {
  /** Ids of the best pieces, best first. */
  search(question: string, options: { category: string | null; limit: number; signal: AbortSignal }): Promise<string[]>;
};

/** Reads all pieces of an organization. */
export async function openExactSearch(
  url: string,
  { organizationId, embedding }: { organizationId: OrganizationId; embedding: TextEmbedding },
): Promise<ExactSearch> {
  const client = postgres(url, { ...addressOptions(url), max: 1, onnotice: () => {} });
  const inOrganization = <Row extends object>(text: string, values: string[]) =>
    client.begin(async (statements) => {
      await statements`select set_config('role', 'centralita_app', true), set_config('app.org_id', ${organizationId}, true)`;
      return statements.unsafe<Row[]>(text, values);
    });
  const rows = await inOrganization<{ id: string; category: string | null; headings: string[]; text: string }>(
    `select c.id, c.category, c.headings, c.text from rag_chunks c where c.org_id = $1`,
    [organizationId],
  );
  const stemsOf = async (text: string, languages: readonly TextLanguage[]): Promise<string[]> => {
    const stems = new Set<string>();
    for (const language of languages) {
      const [row] = await client<{ stems: string[] }[]>`
        select tsvector_to_array(to_tsvector(${stemmerOf(language)}::regconfig, ${`${text}\n${unaccentedForms(text)}`})) as stems`;
      for (const stem of row?.stems ?? []) stems.add(stem);
    }
    return [...stems];
  };
  const pieces: StoredPiece[] = [];
  for (const { id, category, ...piece } of rows) {
    const words = embeddedText(piece);
    // Made anew in full precision: what is stored has half of it.
    const [vector] = await embedding.embed([words], { purpose: 'passage', signal: AbortSignal.timeout(EMBED_MS) });
    if (!vector) throw new Error('a piece got no vector');
    pieces.push({ id, category, vector, stems: new Set(await stemsOf(words, [textLanguage(words)])) });
  }
  return {
    async search(question, { category, limit, signal }) {
      const searched = pieces.filter((piece) => category === null || piece.category === category);
      const [asked] = await embedding.embed([question], { purpose: 'question', signal });
      if (!asked) throw new Error('a question got no vector');
      return fused(searched, [byMeaning(searched, asked), byWords(searched, await stemsOf(question, languagesOf(question)))]).slice(
        0,
        limit,
      );
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

function byMeaning(pieces: readonly StoredPiece[], asked: Float32Array): number[] {
  return pieces.map(({ vector }) => vector.reduce((sum, value, place) => sum + value * (asked[place] ?? 0), 0));
}

function byWords(pieces: readonly StoredPiece[], asked: readonly string[]): number[] {
  const weights = asked.map((stem) => {
    const having = pieces.filter(({ stems }) => stems.has(stem)).length;
    return having === 0 ? 0 : Math.log(1 + (pieces.length + 0.5) / (having + 0.5));
  });
  return pieces.map(({ stems }) => asked.reduce((sum, stem, place) => sum + (stems.has(stem) ? (weights[place] ?? 0) : 0), 0));
}

/** Every piece gets its rank in every way that knows it at all. */
function fused(pieces: readonly StoredPiece[], ways: readonly number[][]): string[] {
  const totals = pieces.map(() => 0);
  for (const scores of ways) {
    const order = pieces.map((_, index) => index).filter((index) => scores[index] !== 0);
    order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    for (const [rank, index] of order.entries()) totals[index] = (totals[index] ?? 0) + 1 / (RANK_OFFSET + rank + 1);
  }
  const order = pieces.map((_, index) => index).toSorted((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0));
  return order.map((index) => pieces[index]?.id ?? '');
}
