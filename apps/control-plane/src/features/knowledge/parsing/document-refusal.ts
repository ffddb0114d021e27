// Why a document is not taken, on its way out of a parser that is deep in callbacks; the process that parses turns it into a value.

/** A document that cannot or may not be read. The message is for whoever uploaded it. */
export class DocumentRefusal extends Error {
  override readonly name = 'DocumentRefusal';
}
