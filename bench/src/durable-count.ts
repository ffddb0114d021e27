/** What the bench of durability counts: turns that the journal took on and the database does not hold as they were said. */

/** A turn as both sides of the comparison know it: what was said, and what the row says. */
export type SaidTurn = {
  readonly callId: string;
  readonly seq: number;
  readonly role: 'caller' | 'agent';
  /** Different in every turn of the bench. */
  readonly text: string;
  readonly startedAtMs: number;
};

/** `lost`: acknowledged turns without a row; `misplaced`: rows that repeat one, stand out of order, or hold other words than were said there. */
export type TurnComparison = { readonly lost: readonly SaidTurn[]; readonly misplaced: readonly SaidTurn[] };

const placeOf = ({ callId, seq }: SaidTurn): string => `${callId} ${seq}`;

/** `rows` are all rows, in the order of their numbers within each call. */
export function compareTurns(acknowledged: readonly SaidTurn[], rows: readonly SaidTurn[]): TurnComparison {
  const saidAt = new Map(acknowledged.map((turn) => [placeOf(turn), turn]));
  const places = new Set<string>();
  const texts = new Set<string>();
  const before = new Map<string, SaidTurn>();
  const misplaced = rows.filter((row) => {
    const place = placeOf(row);
    const said = saidAt.get(place);
    const last = before.get(row.callId);
    const isRepeated = places.has(place) || texts.has(row.text);
    const isOutOfOrder = last !== undefined && (last.seq >= row.seq || last.startedAtMs > row.startedAtMs);
    const isOther = said !== undefined && (said.text !== row.text || said.role !== row.role || said.startedAtMs !== row.startedAtMs);
    places.add(place);
    texts.add(row.text);
    before.set(row.callId, row);
    return isRepeated || isOutOfOrder || isOther;
  });
  return { lost: acknowledged.filter((turn) => !places.has(placeOf(turn))), misplaced };
}
