// How Word says the level of a heading, in styles and in single paragraphs alike.

/** Word counts from 0, and 9 is body text; 1 to 6 here, undefined for anything that is no heading. */
export function outlineLevel(attributes: Readonly<Record<string, string>>): number | undefined {
  const value = Number(attributes['w:val'] ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 && value < 6 ? value + 1 : undefined;
}
