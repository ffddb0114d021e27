// Text for people: a table of rows, a list of one row's fields.

/** A column: its heading, and the field that fills it, such as `actor.name`. */
export type Column = readonly [heading: string, field: string];
type Fields = Readonly<Record<string, unknown>>;

/** A value this long is not for a screen. */
const VALUE_LIMIT = 200;

/** Rows below headings, each column as wide as its longest value. */
export function renderTable(columns: readonly Column[], rows: readonly Fields[]): string {
  const lines = [columns.map(([heading]) => heading), ...rows.map((row) => columns.map(([, field]) => renderValue(readField(row, field))))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => widthOf(line[index] ?? ''))));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, index) => pad(cell, widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** One row, a field a line. */
export function renderFields(fields: Fields): string {
  const entries = Object.entries(fields).flatMap(([name, value]) => flatten(name, value));
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${renderValue(value)}\n`).join('');
}

/** A value in one line. What organizations wrote is printed without the characters that would move the cursor or colour the screen. */
export function renderValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string' || typeof item === 'number');
  if (isList) return value.length === 0 ? '-' : printable(value.join(', '));
  if (typeof value === 'string') return printable(value);
  const text = JSON.stringify(value);
  return text.length > VALUE_LIMIT ? `${text.length} characters, shown by --json` : printable(text);
}

/** Without control characters, and without those that turn the direction of writing. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** What is inside a small thing gets lines of its own; a large one, such as an agent's flow, is for `--json`. */
function flatten(name: string, value: unknown): [string, unknown][] {
  if (!isFields(value) || JSON.stringify(value).length > VALUE_LIMIT) return [[name, value]];
  return Object.entries(value).flatMap(([inner, innerValue]) => flatten(`${name}.${inner}`, innerValue));
}

function readField(row: Fields, field: string): unknown {
  let value: unknown = row;
  for (const name of field.split('.')) value = isFields(value) ? value[name] : undefined;
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Characters as a reader counts them: an accent that is a character of its own takes no room. */
function widthOf(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
