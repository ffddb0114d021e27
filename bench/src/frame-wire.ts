/** A wire between the control plane and Asterisk that puts frames of its own between the real ones, as an Asterisk gone mad would send them. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { closeRelay, holdLink } from './relay-links.ts';
import type { RelayLink } from './relay-links.ts';
import { OPCODES, takeFrame } from './web-socket-frame.ts';

/** Which of the two kinds of sockets: the one of ARI, or one call's sound. */
export type SocketKind = 'events' | 'media';

/** The wire. Disposing closes it and everything that runs over it. */
export type FrameWire = AsyncDisposable & {
  /**
   * Puts a frame behind the last real one of a socket of this kind, of all of them in turn. False: there is none now. A frame that `breaks` its
   * socket goes to the oldest one, which gets no other after it.
   */
  inject(kind: SocketKind, frame: { readonly bytes: Buffer; readonly breaks: boolean }): boolean;
  /** What Asterisk said last over the socket of events, the newest at the end. */
  readonly recentTexts: readonly string[];
  /** Sockets that were opened, by kind. */
  readonly opened: Readonly<Record<SocketKind, number>>;
};

type Link = RelayLink & {
  kind: SocketKind | null;
  /** Bytes from Asterisk that are not a whole frame yet. */
  rest: Buffer;
  isUpgraded: boolean;
  /** Between two frames of one message nothing but control frames may come: a frame there would break what should only be odd. */
  isInMessage: boolean;
  isBroken: boolean;
};

/** Enough to have one of each kind of event of the calls that are up. */
const MAX_RECENT_TEXTS = 200;
const END_OF_HEADERS = '\r\n\r\n';

/** Listens on `port` and passes on to `target`. */
export async function openFrameWire({ port, target }: { readonly port: number; readonly target: number }): Promise<FrameWire> {
  const links = new Set<Link>();
  const recentTexts: string[] = [];
  const opened = { events: 0, media: 0 };
  let turn = 0;
  const onFrame = (link: Link, text: string | null): void => {
    if (text === null || link.kind !== 'events') return;
    recentTexts.push(text);
    if (recentTexts.length > MAX_RECENT_TEXTS) recentTexts.shift();
  };
  const onUpgrade = (kind: SocketKind): void => void (opened[kind] += 1);
  const server = createServer((client) => {
    const link = openLink(client, connect(target, '127.0.0.1'));
    holdLink(links, link);
    passUp(link);
    passDown(link, { onFrame, onUpgrade });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    recentTexts,
    opened,
    inject(kind, { bytes, breaks }) {
      const ready = [...links].filter((link) => link.kind === kind && link.isUpgraded && !link.isInMessage && !link.isBroken);
      const link = ready[breaks ? 0 : (turn += 1) % ready.length];
      if (link === undefined) return false;
      link.isBroken = breaks;
      link.client.write(bytes);
      return true;
    },
    [Symbol.asyncDispose]: () => closeRelay(server, links),
  };
}

function openLink(client: Socket, server: Socket): Link {
  return { client, server, kind: null, rest: Buffer.alloc(0), isUpgraded: false, isInMessage: false, isBroken: false };
}

function passUp(link: Link): void {
  const { client, server } = link;
  let isFirst = true;
  client.on('data', (bytes: Buffer) => {
    const line = isFirst ? (bytes.toString('latin1').split('\r\n', 1)[0] ?? '') : '';
    isFirst = false;
    if (line.startsWith('GET /ari/events')) link.kind = 'events';
    else if (line.startsWith('GET /media/')) link.kind = 'media';
    server.write(bytes);
  });
  client.on('close', () => server.end());
  client.on('error', () => server.destroy());
}

type Hearing = {
  readonly onFrame: (link: Link, text: string | null) => void;
  readonly onUpgrade: (kind: SocketKind) => void;
};

/** Whole frames only, so that between two writes there is always room for another. */
function passDown(link: Link, hearing: Hearing): void {
  const { client, server } = link;
  server.on('data', (bytes: Buffer) => {
    if (link.kind === null) return void client.write(bytes);
    link.rest = Buffer.concat([link.rest, bytes]);
    if (!link.isUpgraded && !passHeaders(link, hearing)) return;
    for (let frame = takeFrame(link.rest); frame !== null; frame = takeFrame(link.rest)) {
      client.write(frame.bytes);
      link.rest = link.rest.subarray(frame.bytes.length);
      if (frame.opcode < OPCODES.close) link.isInMessage = !frame.isFinal;
      hearing.onFrame(link, frame.opcode === OPCODES.text && frame.isFinal ? frame.payload.toString('utf8') : null);
    }
  });
  server.on('close', () => client.end());
  server.on('error', () => client.destroy());
}

/** True once frames follow. An answer that is no upgrade is passed on as it is. */
function passHeaders(link: Link, { onUpgrade }: Hearing): boolean {
  const end = link.rest.indexOf(END_OF_HEADERS);
  if (end === -1) return false;
  if (!link.rest.toString('latin1', 0, 16).startsWith('HTTP/1.1 101') || link.kind === null) {
    link.kind = null;
    link.client.write(link.rest);
    link.rest = Buffer.alloc(0);
    return false;
  }
  link.client.write(link.rest.subarray(0, end + END_OF_HEADERS.length));
  link.rest = link.rest.subarray(end + END_OF_HEADERS.length);
  link.isUpgraded = true;
  onUpgrade(link.kind);
  return true;
}
