// Everything that a stream gives, for tests that look at the whole.

/** The pieces of a stream, in order. Rejects when the stream throws. */
export async function collected<Piece>(pieces: AsyncIterable<Piece>): Promise<Piece[]> {
  const list: Piece[] = [];
  for await (const piece of pieces) list.push(piece);
  return list;
}
