/** A wire between two processes that can be cut, slowed and blocked: a TCP relay on the loopback. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeRelay, holdLink } from './relay-links.ts';
import type { RelayLink } from './relay-links.ts';

/** Which connections: by the first line that the client sent, such as `GET /ari/events?app=…`. */
export type WireChoice = (firstLine: string) => boolean;

/** A relay. Disposing closes it and everything that runs over it. */
export type Wire = AsyncDisposable & {
  /** Resets the connections; answers with how many. */
  cut(which?: WireChoice): number;
  /** From now on what is sent either way arrives this much later, in order. 0 ends it. */
  delay(ms: number): void;
  /** Nothing comes through, neither way, new connections included, until `thaw`: what a full network buffer looks like. */
  freeze(which?: WireChoice): void;
  thaw(): void;
  /** While true, new connections are reset at once. */
  refuse(isRefusing: boolean): void;
};

type Link = RelayLink & { firstLine: string };

const everything: WireChoice = () => true;

/** How the wire is at the moment. */
type Condition = { delayMs: number; isRefusing: boolean; frozen: WireChoice | null };

/** Listens on `port` and passes on to `target`. */
export async function openWire({ port, target }: { readonly port: number; readonly target: number }): Promise<Wire> {
  const links = new Set<Link>();
  const condition: Condition = { delayMs: 0, isRefusing: false, frozen: null };
  const server = createServer((client) => {
    if (condition.isRefusing) return void client.resetAndDestroy();
    const link: Link = { client, server: connect(target, '127.0.0.1'), firstLine: '' };
    holdLink(links, link);
    pass(link, condition, 'up');
    pass(link, condition, 'down');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const freezeBy = (frozen: WireChoice | null): void => {
    condition.frozen = frozen;
    for (const link of links) hold(link, condition);
  };
  return {
    cut(which = everything) {
      const chosen = [...links].filter(({ firstLine }) => which(firstLine));
      for (const link of chosen) {
        link.client.resetAndDestroy();
        link.server.destroy();
      }
      return chosen.length;
    },
    delay: (ms) => void (condition.delayMs = ms),
    freeze: (which = everything) => freezeBy(which),
    thaw: () => freezeBy(null),
    refuse: (is) => void (condition.isRefusing = is),
    [Symbol.asyncDispose]: () => closeRelay(server, links),
  };
}

/** Nothing is read of what is frozen: its sender fills up. */
function hold(link: Link, { frozen }: Condition): void {
  const isHeld = frozen !== null && (link.firstLine === '' || frozen(link.firstLine));
  for (const socket of [link.client, link.server]) {
    if (isHeld) socket.pause();
    else socket.resume();
  }
}

function pass(link: Link, condition: Condition, direction: 'up' | 'down'): void {
  const [from, to] = direction === 'up' ? [link.client, link.server] : [link.server, link.client];
  let last = Promise.resolve();
  from.on('data', (bytes: Buffer) => {
    if (direction === 'up' && link.firstLine === '') link.firstLine = bytes.toString('latin1').split('\r\n', 1)[0] ?? '';
    if (condition.frozen !== null) hold(link, condition);
    const due = condition.delayMs === 0 ? null : sleep(condition.delayMs);
    last = last.then(() => due).then(() => void to.write(bytes));
  });
  from.on('close', () => void last.then(() => to.end()));
  from.on('error', () => to.destroy());
}
