// Records on the local disk that outlive the process: what must not be lost while its real home cannot be reached.

/** An open log. Records are texts without line breaks. */
export type AppendLog = AsyncDisposable & {
  /** Takes what an earlier process left, in order, once. Their numbers are 1 to the length of the list. */
  takeLeft(): readonly string[];
  /**
   * Adds a record behind the others and returns its number, or null when the log is full or its disk fails: the record is then in memory alone.
   * It is written within a moment; `flush` waits for that.
   */
  append(record: string): number | null;
  /** Everything up to this number is safe elsewhere. */
  release(upTo: number): void;
  /** From now on each write reaches the disk itself, or (false) the operating system, which a crash of this process does not touch. */
  setDurable(isDurable: boolean): void;
  /** Settles when what was appended is written. */
  flush(): Promise<void>;
  /** Records that are not released. */
  records(): number;
  /** Bytes on the disk: some of them of records that are released. */
  bytes(): number;
  readonly maxBytes: number;
};
