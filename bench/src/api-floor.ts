/**
 * The floor of a request that reads one call: the same transaction through the driver alone, with as many in flight as the API has connections and no
 * HTTP. Statements and number of connections to the database are the product's; the driver's pipelining is used as far as it goes.
 */
import { scopeStatement } from '@centralita/control-plane/db/read-pipeline.ts';
import { readWholeCall } from '@centralita/control-plane/features/calls/call-read.ts';
import type { CallId } from '@centralita/control-plane/shared/id.ts';
import type { OrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { addressOptions } from '@centralita/control-plane/db/server-address.ts';
import postgres from 'postgres';

/** As many as the product's pipeline has. */
const CONNECTIONS = 4;
const PREPARED = { prepare: true };

/** What is read: calls of one organization each. */
export type FloorQuestion = { readonly scope: OrgScope; readonly callId: CallId };

export type Floor = AsyncDisposable & {
  /** Reads at random for a while; answers how many transactions a second. */
  measure(options: { inFlight: number; durationMs: number; random: () => number }): Promise<number>;
};

export function openFloor(url: string, questions: readonly FloorQuestion[]): Floor {
  const clients = Array.from({ length: CONNECTIONS }, () => postgres(url, { ...addressOptions(url), max: 1, onnotice: () => {} }));
  let turn = 0;
  async function readOne({ scope, callId }: FloorQuestion): Promise<void> {
    const client = clients[turn++ % CONNECTIONS] as postgres.Sql;
    const { text, values } = readWholeCall(scope, callId);
    const statements = [
      client.unsafe('begin', [], PREPARED),
      client.unsafe(scopeStatement({}), ['centralita_app', scope.organizationId], PREPARED),
      client.unsafe(text, [...values], PREPARED),
      client.unsafe('commit', [], PREPARED),
    ];
    const call = (await Promise.all(statements))[2];
    if (call?.length !== 1) throw new Error(`${callId} was not found`);
  }
  return {
    async measure({ inFlight, durationMs, random }) {
      const startedAtMs = performance.now();
      let done = 0;
      const readInTurn = async (): Promise<void> => {
        while (performance.now() - startedAtMs < durationMs) {
          await readOne(questions[Math.floor(random() * questions.length)] as FloorQuestion);
          done++;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, readInTurn));
      return done / ((performance.now() - startedAtMs) / 1000);
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(clients.map((client) => client.end({ timeout: 5 })))),
  };
}
