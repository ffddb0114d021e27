// The sound of one leg over Asterisk's media socket: frames both ways, marks, flush. Asterisk paces the playout.
import { WebSocket } from 'ws';
import { bytesFromPcm, FRAME_BYTES, FRAME_SAMPLES, openFrameBlock, pcmFromBytes } from '#audio/frame.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import type { Log } from '#shared/log.ts';
import { MAX_MEDIA_MESSAGE_BYTES, MAX_SEND_SAMPLES, MAX_UNSENT_BYTES, MEDIA_CLOSE_MS } from './limits.ts';
import type { AsteriskObserver } from './observed-ari.ts';
import { type MediaCommand, type MediaMessage, parseMediaMessage } from './media-message.ts';

/** What `openMediaSocket` needs. */
export type MediaSocketOptions = {
  readonly url: string;
  readonly listener: (event: AudioTransportEvent) => void;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** Told when the sound begins and ends, and when the far side's queue is full. */
  readonly observe: AsteriskObserver['media'];
};

/** Anomalies of one socket, for its closing log line. */
export type MediaCounters = { wrongSize: number; unknownMessages: number; droppedFrames: number };

/** The transport of a leg, with what only the leg may do. */
export type MediaSocket = AudioTransport & {
  /** Whether no sound goes through it any more. */
  readonly isClosed: boolean;
  /** Ends the transport because the leg ended. */
  legEnded(): void;
  /**
   * Takes the socket away from the transport's owner, who then sends to nobody, and gives it back. While taken, `sendAside` is the
   * only sound: this is how the caller hears ringing during a transfer.
   */
  setAside(aside: boolean): void;
  sendAside(pcm: Int16Array): void;
  /** Throws away what `sendAside` left waiting. */
  flushAside(): void;
  readonly counters: Readonly<MediaCounters>;
};

type State = 'open' | 'aside' | 'closed';

/** Connects and waits for MEDIA_START. Rejects when the socket closes first, or with the signal's reason. */
export async function openMediaSocket(options: MediaSocketOptions): Promise<MediaSocket> {
  const socket = new WebSocket(options.url, ['media'], {
    perMessageDeflate: false,
    maxPayload: MAX_MEDIA_MESSAGE_BYTES,
    skipUTF8Validation: true,
  });
  const started = Promise.withResolvers<void>();
  const media = new AsteriskMediaSocket(socket, options, started.resolve);
  const abort = (): void => {
    started.reject(options.signal.reason);
    socket.terminate();
  };
  let failure: unknown;
  socket.on('error', (error) => (failure = error));
  socket.once('close', (code) => started.reject(new Error(`the media socket closed with ${code} before it started`, { cause: failure })));
  options.signal.addEventListener('abort', abort, { once: true });
  try {
    if (options.signal.aborted) abort();
    await started.promise;
    return media;
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
}

class AsteriskMediaSocket implements MediaSocket {
  readonly counters: MediaCounters = { wrongSize: 0, unknownMessages: 0, droppedFrames: 0 };
  readonly #socket: WebSocket;
  readonly #listener: (event: AudioTransportEvent) => void;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #observe: AsteriskObserver['media'];
  readonly #onStart: () => void;
  readonly #closed = Promise.withResolvers<void>();
  readonly #frames = openFrameBlock();
  #state: State = 'open';
  #hasStarted = false;
  /** Asterisk's queue is nearly full (18 s): only a bug of ours gets there, so sound is dropped rather than kept. */
  #isFull = false;

  constructor(socket: WebSocket, options: MediaSocketOptions, onStart: () => void) {
    this.#socket = socket;
    this.#listener = options.listener;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
    this.#observe = options.observe;
    this.#onStart = onStart;
    socket.on('message', (data: Buffer, isBinary) => (isBinary ? this.#readSound(data) : this.#readControl(data.toString('utf8'))));
    socket.once('close', () => {
      this.#closed.resolve();
      this.#end('lost');
    });
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  send(pcm: Int16Array): void {
    if (pcm.length % FRAME_SAMPLES !== 0 || pcm.length > MAX_SEND_SAMPLES) {
      throw new RangeError(`${pcm.length} samples are not whole frames of ${FRAME_SAMPLES}, or more than ${MAX_SEND_SAMPLES}`);
    }
    if (this.#state === 'open') this.#sendSound(pcm);
  }

  mark(markId: string): void {
    if (this.#state === 'open') this.#command({ command: 'MARK_MEDIA', correlation_id: markId });
  }

  flush(): void {
    if (this.#state === 'open') this.#flush();
  }

  pollQueue(): void {
    if (this.#state === 'open') this.#command({ command: 'GET_STATUS' });
  }

  setAside(aside: boolean): void {
    if (this.#state !== 'closed') this.#state = aside ? 'aside' : 'open';
  }

  sendAside(pcm: Int16Array): void {
    if (this.#state === 'aside') this.#sendSound(pcm);
  }

  flushAside(): void {
    if (this.#state === 'aside') this.#flush();
  }

  legEnded(): void {
    this.#end('hung_up');
    this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end('closed_by_us');
    this.#close();
    await this.#closed.promise;
  }

  #sendSound(pcm: Int16Array): void {
    if (this.#isFull || this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.counters.droppedFrames += pcm.length / FRAME_SAMPLES;
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytesFromPcm(pcm));
  }

  /** The report is asked for before the flush: it is the only acknowledgement that a flush has. */
  #flush(): void {
    this.#command({ command: 'REPORT_QUEUE_DRAINED' });
    this.#command({ command: 'FLUSH_MEDIA' });
  }

  #command(command: MediaCommand): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  #close(): void {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close(1000);
    const timer = setTimeout(() => this.#socket.terminate(), MEDIA_CLOSE_MS);
    void this.#closed.promise.then(() => clearTimeout(timer));
  }

  /** Only the first end counts, and a socket that never started has no listener to tell: its opening fails instead. */
  #end(reason: 'hung_up' | 'lost' | 'closed_by_us'): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const { wrongSize, unknownMessages, droppedFrames } = this.counters;
    if (wrongSize + unknownMessages + droppedFrames > 0) this.#log.warn({ ...this.counters }, 'media socket ended with anomalies');
    if (!this.#hasStarted) return;
    this.#observe('closed');
    this.#listener({ kind: 'closed', reason, atMs: this.#nowMs() });
  }

  #readSound(data: Buffer): void {
    if (this.#state === 'closed' || !this.#hasStarted) return;
    if (data.length === 0 || data.length % FRAME_BYTES !== 0) {
      this.counters.wrongSize += 1;
      if (this.counters.wrongSize === 1)
        this.#log.warn({ lengthBytes: data.length }, 'media message of a wrong size dropped; more are only counted');
      return;
    }
    if (this.#state === 'aside') return;
    const atMs = this.#nowMs();
    for (let start = 0; start < data.length; start += FRAME_BYTES) {
      // A copy: the receiver keeps it, and the socket's memory is shared with messages that follow.
      const pcm = this.#frames.take();
      pcm.set(pcmFromBytes(data.subarray(start, start + FRAME_BYTES)));
      this.#listener({ kind: 'frame', pcm, atMs });
    }
  }

  #readControl(text: string): void {
    if (this.#state === 'closed') return;
    const message = parseMediaMessage(text);
    if (message !== null) return this.#obey(message);
    this.counters.unknownMessages += 1;
    if (this.counters.unknownMessages === 1)
      this.#log.warn({ lengthBytes: text.length }, 'unknown media control message; more are only counted');
  }

  #obey(message: MediaMessage): void {
    switch (message.event) {
      case 'MEDIA_START':
        return this.#start(message.optimal_frame_size);
      case 'MEDIA_MARK_PROCESSED':
        return this.#tell({ kind: 'mark_heard', markId: message.correlation_id, atMs: this.#nowMs() });
      case 'STATUS':
        return this.#tell({ kind: 'queue_length', frames: message.queue_length, atMs: this.#nowMs() });
      case 'MEDIA_XOFF':
        this.#isFull = true;
        this.#observe('xoff');
        return this.#log.warn({}, 'media queue is full: sound is dropped until it empties');
      case 'MEDIA_XON':
        this.#isFull = false;
        return;
      case 'ERROR':
        return this.#log.warn({ error: message.error_text }, 'Asterisk refused a media command');
      case 'QUEUE_DRAINED':
      case 'DTMF_END':
        return;
    }
  }

  #tell(event: AudioTransportEvent): void {
    if (this.#state === 'open') this.#listener(event);
  }

  #start(frameBytes: number): void {
    if (frameBytes !== FRAME_BYTES) this.#log.error({ frameBytes }, 'media frames are not 20 ms of 16 kHz PCM16');
    if (!this.#hasStarted) this.#observe('opened');
    this.#hasStarted = true;
    this.#onStart();
  }
}
