// Selects of hot paths: their SQL and the way from a row to an object are made once, not at every request (drizzle takes 150 us a query for that).
import type { Column } from 'drizzle-orm';
import { fillPlaceholders } from 'drizzle-orm';

/** What a placeholder may be filled with: what both drivers send as it is. */
type PlaceholderValue = string | number;

/** A select with its values, as it goes to a driver. Rows come back as arrays in the order of the columns. */
export type BoundRead<Row> = {
  readonly text: string;
  readonly values: readonly PlaceholderValue[];
  toRow(values: readonly unknown[]): Row;
};

/** A select with `sql.placeholder`s, made once. */
export type PreparedRead<Row> = { with(values: Readonly<Record<string, PlaceholderValue>>): BoundRead<Row> };

/** The rows of several reads, in their order. */
export type RowsOf<Reads extends readonly BoundRead<unknown>[]> = {
  -readonly [Index in keyof Reads]: Reads[Index] extends BoundRead<infer Row> ? Row[] : never;
};

/** What a query builder made: `select` of drizzle without a connection. */
type BuiltSelect<Row> = { readonly _: { readonly result: Row[] }; toSQL(): { readonly sql: string; readonly params: unknown[] } };

/** Prepares a select of just these columns, in their order. */
export function prepareRead<Row>(columns: Readonly<Record<string, Column>>, select: BuiltSelect<Row>): PreparedRead<Row> {
  const { sql: text, params } = select.toSQL();
  const readers = Object.entries(columns);
  const toRow = (values: readonly unknown[]): Row => {
    const row: Record<string, unknown> = {};
    let index = 0;
    for (const [key, column] of readers) {
      const value = values[index++];
      row[key] = value === null ? null : column.mapFromDriverValue(value);
    }
    return row as Row;
  };
  return { with: (values) => ({ text, values: fillPlaceholders(params, values) as PlaceholderValue[], toRow }) };
}
