// What every format becomes before it is cut into chunks: headings and paragraphs, in the order of reading.

/** A heading, 1 outermost; or a paragraph, a list's item, a table's row. */
export type DocumentBlock =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

/** Takes the blocks of a document as they are found. Throws a refusal when there are too many. */
export type BlockSink = (block: DocumentBlock) => void;
