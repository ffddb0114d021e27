// How much a document may be, and what reading one may cost. At each limit the document is refused with a reason that names it.

export const parsingLimits = {
  /** From the start of the process that reads the document to its last chunk: whoever uploads knows within 10 s why it cannot be read. */
  timeMs: 9_000,
  /** Objects of the reading process; a Word file of 64 MiB of XML needs 60 MB of them, as it is read in a stream. */
  heapMiB: 512,
  /** Everything that the reading process may write to in memory, buffers and 9 thread stacks included; Node itself needs 0.5 GiB of room for code. */
  dataMiB: 1_280,
  /** Seconds of CPU, set in the kernel: also a process whose parent is gone ends. The product's other limit, time, comes first. */
  cpuSeconds: 20,
  /** A PDF of 2,000 pages of text takes 6 s to read. */
  pages: 2_000,
  /** Chunks of one document: as many as an agent may have; 12 MB of plain text. */
  chunks: 20_000,
  /** Characters of text in one document, however it was packed. */
  textCharacters: 26_214_400,
  /** Entries of a Word file, which has about 20 and one more per image. */
  archiveEntries: 4_000,
  /** What a Word file's entries may unpack to, all together, and its text alone. */
  archiveBytes: 268_435_456,
  archiveTextBytes: 67_108_864,
  /** XML packs 10 to 30 times smaller; 200 times is no text that a person wrote. Looked at above `ratioFromBytes` only. */
  archiveRatio: 200,
  ratioFromBytes: 10_485_760,
  /** Elements of a web page or a Word file that are open at once; pages that never close a `<font>` have some hundreds. */
  openElements: 10_000,
  /** One row of a table. */
  rowCharacters: 100_000,
} as const;
