// Selects of hot paths: their SQL and the way from a row to an object are made once, not at every request (drizzle takes 150 us a query for that).
import type { Column, GetColumnData, SQL, SQLWrapper } from 'drizzle-orm';
import { fillPlaceholders, sql } from 'drizzle-orm';

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

/** How a value of one column becomes what a row holds; every column of a table is one. Null is null. */
export type ValueReader = Pick<Column, 'mapFromDriverValue'>;

/** Prepares a select of just these columns, in their order. */
export function prepareRead<Row>(columns: Readonly<Record<string, ValueReader>>, select: BuiltSelect<Row>): PreparedRead<Row> {
  const { sql: text, params } = select.toSQL();
  const toRow = rowReader<Row>(columns);
  return { with: (values) => ({ text, values: fillPlaceholders(params, values) as PlaceholderValue[], toRow }) };
}

/** Rows of another table that come with a row as one value, in the subquery's order: one statement where there were two. */
export type RowsWithin<Row> = ValueReader & { readonly rows: SQL<Row[]> };

/** `name` is the subquery's in the statement. Rows travel as JSON arrays without names: a third of the bytes, and one parse for all. */
export function rowsWithin<Columns extends Readonly<Record<string, Column>>>(
  columns: Columns,
  subquery: { readonly name: string; readonly select: SQLWrapper },
): RowsWithin<RowOf<Columns>> {
  const { name, select } = subquery;
  const toRow = rowReader<RowOf<Columns>>(columns);
  const values = Object.values(columns).map((column) => sql`${sql.identifier(name)}.${sql.identifier(column.name)}`);
  return {
    rows: sql`(select coalesce(json_agg(json_build_array(${sql.join(values, sql`, `)})), '[]') from (${select}) as ${sql.identifier(name)})`,
    mapFromDriverValue: (rows) => (rows as unknown[][]).map(toRow),
  };
}

type RowOf<Columns extends Readonly<Record<string, Column>>> = { [Key in keyof Columns]: GetColumnData<Columns[Key]> };

function rowReader<Row>(columns: Readonly<Record<string, ValueReader>>): (values: readonly unknown[]) => Row {
  const readers = Object.entries(columns);
  return (values) => {
    const row: Record<string, unknown> = {};
    let index = 0;
    for (const [key, column] of readers) {
      const value = values[index++];
      row[key] = value === null ? null : column.mapFromDriverValue(value);
    }
    return row as Row;
  };
}
