/** The connections of a TCP relay on the loopback: a client's, and the one made for it to whom it is passed on. */
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

/** One connection, both halves. */
export type RelayLink = { readonly client: Socket; readonly server: Socket };

/** Remembers the link for as long as one of its halves is open, and lets neither of them wait for more to send. */
export function holdLink<Link extends RelayLink>(links: Set<Link>, link: Link): void {
  links.add(link);
  for (const socket of [link.client, link.server]) socket.setNoDelay(true).once('close', () => links.delete(link));
}

/** Closes the relay and everything that runs over it. */
export async function closeRelay(relay: Server, links: Iterable<RelayLink>): Promise<void> {
  for (const { client, server } of links) {
    client.destroy();
    server.destroy();
  }
  relay.close();
  await once(relay, 'close');
}
