// Where the recordings of calls lie. Rows hold a recording's path; only the storage knows whether it may be followed.

/** Part of a recording, both ends included. */
export type ByteRange = { readonly firstByte: number; readonly lastByte: number };

/** A recording that is open: what is read is this file also when it is removed meanwhile. */
export type OpenRecording = AsyncDisposable & {
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Settles when the recording is closed, on whichever way. */
  readonly closed: Promise<void>;
  /** Streams a part, once; the recording is closed when the stream is read to its end or given up, or when `signal` aborts. */
  read(range: ByteRange, options: { signal: AbortSignal }): ReadableStream<Uint8Array>;
};

/** The recordings of one server. A path that leads out of the storage, or to something that is no WAV file, is as good as none. */
export type RecordingStorage = {
  /** Size in bytes, or null when there is no such recording. */
  measure(path: string): Promise<number | null>;
  /** Opens a recording, or null when there is none. Throws when the disk fails. */
  open(path: string): Promise<OpenRecording | null>;
  /** Removes a recording for good. False when there is none at that path; also what is there and is no WAV file goes. Throws when the disk fails. */
  remove(path: string): Promise<boolean>;
};
