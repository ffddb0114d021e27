// The database with every transaction timed, for whoever counts them.
import type { Database } from './client.ts';

/** How a transaction was asked for; `read` and `write` are the pipelined ones of hot paths, which have connections of their own. */
export type TransactionKind = 'organization' | 'appliance' | 'unscoped' | 'read' | 'write';

/** What is told. Called twice per transaction. */
export type DatabaseObserver = {
  /** A transaction was asked for; call what it returns when it is over. */
  started(kind: TransactionKind): (isDone: boolean) => void;
};

/** The same database; waiting for a connection is part of a transaction's time. Whoever opened `database` closes it. */
export function observedDatabase(database: Database, observer: DatabaseObserver): Database {
  const timed = async <Result>(kind: TransactionKind, work: () => Promise<Result>): Promise<Result> => {
    const ended = observer.started(kind);
    let isDone = false;
    try {
      const result = await work();
      isDone = true;
      return result;
    } finally {
      ended(isDone);
    }
  };
  return {
    inOrg: (scope, work) => timed('organization', () => database.inOrg(scope, work)),
    inAppliance: (scope, work) => timed('appliance', () => database.inAppliance(scope, work)),
    inScope: (scope, work) => timed('kind' in scope ? 'appliance' : 'organization', () => database.inScope(scope, work)),
    read: (scope, reads) => timed('read', () => database.read(scope, reads)),
    write: (scope, writes, options) => timed('write', () => database.write(scope, writes, options)),
    unscoped: (work) => timed('unscoped', () => database.unscoped(work)),
    listen: (channel, listener) => database.listen(channel, listener),
    ping: () => database.ping(),
    connectionsLost: () => database.connectionsLost(),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
