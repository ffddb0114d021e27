// What a connection to the database writes while the process handles one batch of events leaves in one system call.
import type { NetConnectOpts } from 'node:net';
import { Socket } from 'node:net';

/**
 * A socket that connects; what is written before it has connected is kept. `onLost` is told of a connection that was there and ended without our ending it.
 *
 * The driver writes at every kilobyte: a dozen requests that arrive together cost a dozen system calls on each connection, 25 us each. Gathered until
 * the event loop has seen to all of them, they cost one or two. What is gathered is not held back for the acknowledgement of earlier writes (Nagle).
 *
 * A server that is killed ends some connections in order. The driver (postgres 3.4.9) then refuses the transaction's statement as it forgets the
 * socket, and the transaction's rollback is written to none: a TypeError that nobody can catch, and the end of the process. An end that we did not ask
 * for is therefore told as what it is, a lost connection: the error comes first, the rollback meets a socket that is destroyed, and then it closes.
 */
export function connectGathered(target: NetConnectOpts, onLost: () => void): Socket {
  // `connect` puts the original `write` back: it comes first.
  const socket = new Socket().setNoDelay(true).connect(target);
  const write = socket.write.bind(socket);
  let isGathering = false;
  const flush = (): void => {
    isGathering = false;
    socket.uncork();
  };
  const gather = (...written: Parameters<typeof write>): boolean => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      setImmediate(flush);
    }
    return write(...written);
  };
  socket.write = gather as Socket['write'];
  let wasThere = false;
  socket.once('connect', () => (wasThere = true));
  socket.once('close', (hadError) => {
    if (wasThere && hadError) onLost();
  });
  socket.once('end', () => {
    if (!socket.writableEnded) socket.destroy(Object.assign(new Error('the server ended the connection'), { code: 'ECONNRESET' }));
  });
  return socket;
}
