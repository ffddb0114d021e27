// The media channel of the stand-in for Asterisk: chan_websocket with JSON control messages, paced like the real one.
import { WebSocket } from 'ws';
import { z } from 'zod';
import { bytesFromPcm, FRAME_BYTES, framesOf, pcmFromBytes } from '#audio/frame.ts';
import { parseJson } from '#shared/json-text.ts';
import { type PlayoutOutput, PlayoutQueue } from './asterisk-stand-in-playout.ts';

/** What one media channel needs of the rest. */
export type StandInMediaOptions = {
  readonly channelId: string;
  readonly connectionId: string;
  /** A frame was played to the bridge. */
  readonly onPlayed: (pcm: Int16Array) => void;
  /** The socket is gone. */
  readonly onClosed: () => void;
};

/** A message beyond this closes a media socket (measured: 65,500 bytes pass, 70,000 close it with 1009). */
export const MAX_MEDIA_BYTES = 65_500;

const command = z.discriminatedUnion('command', [
  z.object({ command: z.literal('GET_STATUS') }),
  z.object({ command: z.literal('MARK_MEDIA'), correlation_id: z.string() }),
  z.object({ command: z.literal('FLUSH_MEDIA') }),
  z.object({ command: z.literal('REPORT_QUEUE_DRAINED') }),
  z.object({ command: z.literal('HANGUP') }),
]);

/** A media channel's far end; it plays nothing before a socket is attached. */
export class StandInMedia {
  readonly #options: StandInMediaOptions;
  readonly #queue = new PlayoutQueue();
  #socket: WebSocket | null = null;

  constructor(options: StandInMediaOptions) {
    this.#options = options;
  }

  /** A connection id works once. */
  get isAttached(): boolean {
    return this.#socket !== null;
  }

  /** The control plane connected. */
  attach(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => (isBinary ? this.#play(data) : this.#obey(data.toString('utf8'))));
    socket.once('close', () => this.#options.onClosed());
    const { connectionId } = this.#options;
    const start = { connection_id: connectionId, channel: `WebSocket/INCOMING/${connectionId}`, format: 'slin16', ptime: 20 };
    this.#tell('MEDIA_START', { ...start, optimal_frame_size: FRAME_BYTES, channel_variables: {} });
  }

  /** Sends a frame of the bridge to the control plane. */
  hear(pcm: Int16Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(bytesFromPcm(pcm));
  }

  /** Plays what is due. */
  step(nowMs: number): void {
    this.#give(this.#queue.step(nowMs));
  }

  close(): void {
    this.#socket?.close(1000);
  }

  /** Cuts the connection as a crash would. */
  cut(): void {
    this.#socket?.terminate();
  }

  #play(data: Buffer): void {
    // What does not fill a frame is lost, as it is in Asterisk without buffering.
    const whole = data.subarray(0, data.length - (data.length % FRAME_BYTES));
    this.#give(this.#queue.push(framesOf(pcmFromBytes(whole).slice()), performance.now()));
  }

  #obey(text: string): void {
    const json = parseJson(text);
    if (json === null) return this.#tell('ERROR', { error_text: 'Unable to parse JSON command' });
    const parsed = command.safeParse(json);
    // An unknown command is met with silence, as in Asterisk.
    if (!parsed.success) return;
    switch (parsed.data.command) {
      case 'GET_STATUS':
        return this.#tellStatus();
      case 'MARK_MEDIA':
        return this.#queue.mark(parsed.data.correlation_id, performance.now());
      case 'FLUSH_MEDIA':
        return this.#give(this.#queue.flush());
      case 'REPORT_QUEUE_DRAINED':
        return this.#queue.reportDrained(performance.now());
      case 'HANGUP':
        return this.close();
    }
  }

  #tellStatus(): void {
    const levels = { xon_level: 800, xoff_level: 900, queue_full: this.#queue.isFull };
    this.#tell('STATUS', { queue_length: this.#queue.frames, ...levels, bulk_media: false, media_paused: false });
  }

  #give(outputs: readonly PlayoutOutput[]): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'frame':
          this.#options.onPlayed(output.pcm);
          break;
        case 'mark':
          this.#tell('MEDIA_MARK_PROCESSED', { correlation_id: output.markId });
          break;
        case 'drained':
          this.#tell('QUEUE_DRAINED');
          break;
        case 'xoff':
          this.#tell('MEDIA_XOFF');
          break;
        case 'xon':
          this.#tell('MEDIA_XON');
          break;
      }
    }
  }

  #tell(event: string, fields: object = {}): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ event, channel_id: this.#options.channelId, ...fields }));
  }
}
