// What a piece of a document is found by, as one text: wherever vectors or words are made of pieces, or made anew, they must be made of the same.

/** The text that a piece's vector and its words are made from. A question is asked in the words of a heading as often as in those below it. */
export function embeddedText({ headings, text }: { readonly headings: readonly string[]; readonly text: string }): string {
  return [...headings, text].join('\n');
}
