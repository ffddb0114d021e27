/** Nothing of one organization reaches another: every operation, id, filter, page and link crosswise over the API, and every table in SQL. */
import { databaseUrl } from '@centralita/provision/instance.ts';
import { RIG_ADMIN_KEY } from '@centralita/e2e/rig.ts';
import { describeApi } from '@centralita/control-plane/test/api-operations.ts';
import type { ApiOperation } from '@centralita/control-plane/test/api-operations.ts';
import { apiStandIns, openApiRig } from './api-rig.ts';
import { runBench } from './harness.ts';
import { changedTables, digestOf } from './isolation-digest.ts';
import { probeIdempotency, probeLiveCalls, probeRates, probeRecordingLinks } from './isolation-flows.ts';
import { probeAdminNarrowed, probeAdminOperation, probeClientOperation, probePublicOperation } from './isolation-http.ts';
import type { HttpProbing } from './isolation-http.ts';
import { probeOwnThings } from './isolation-own-things.ts';
import { listTables, probeSql } from './isolation-sql.ts';
import { openTally, secretIn, shownBy } from './isolation-tally.ts';
import type { IsolationTally } from './isolation-tally.ts';
import { openTwin } from './isolation-twins.ts';

/** Different keys used twice by different organizations. */
const IDEMPOTENCY_ROUNDS = 10;
const SHOWN_LEAKS = 20;

async function probeOperation(probing: HttpProbing, operation: ApiOperation): Promise<void> {
  switch (operation.access.kind) {
    case 'organization':
      return await probeClientOperation(probing, operation);
    case 'admin':
      await probeAdminOperation(probing, operation);
      return await probeAdminNarrowed(probing, operation, RIG_ADMIN_KEY);
    case 'public':
      return await probePublicOperation(probing, operation);
    case 'signed':
      return await probeRecordingLinks(probing);
  }
}

/** An instrument that cannot see a leak proves nothing: the other's own answer, taken for one's own, must be counted. */
async function checkInstrument({ api, victim }: HttpProbing, tables: number): Promise<void> {
  const planted = openTally();
  const { callId, conversationId } = victim.ids;
  const agent = `/agents/${victim.ids.agentId[0]}`;
  const ofCalls = ['/calls', `/calls/${callId[0]}`, `/calls/${callId[0]}/outcome`, `/conversations/${conversationId[0]}`, '/contacts'];
  const booked = ['/booking/services', '/booking/staff', '/booking/appointments'];
  const ofAgents = ['/agents', `${agent}/http-tools`, `${agent}/rag/documents`, '/caller-messages', '/numbers', '/phones'];
  const paths = [...ofCalls, ...booked, ...ofAgents];
  for (const path of paths) {
    const answer = await api.ask(path, { headers: { authorization: `Bearer ${victim.tokens.full}` } });
    planted.count(path, secretIn(shownBy(answer), victim, ''));
  }
  const ownTables = { name: 'calls', owner: 'org_id', columns: ['id'], keys: ['org_id', 'id'] };
  // The twin against itself: every row that it sees is one that it must not see.
  await probeSql({ url: databaseUrl(api.rig.instance, 'app'), tally: planted, attacker: victim, victim }, [ownTables]);
  const seen = planted.leaks.filter(({ what }) => what.startsWith('/')).length;
  const seenInSql = planted.leaks.length - seen;
  if (seen < paths.length || seenInSql < 10 || tables < 10)
    throw new Error(`the instrument saw ${seen} of ${paths.length} planted leaks over HTTP and ${seenInSql} in SQL`);
}

function printTable(tally: IsolationTally, operations: readonly ApiOperation[], log: (message: string) => void): void {
  for (const [what, probes] of [...tally.byTarget()].toSorted(([a], [b]) => a.localeCompare(b)))
    log(`${String(probes).padStart(6)} ${what}`);
  const unprobed = operations.filter(({ key }) => !tally.byTarget().has(key));
  if (unprobed.length > 0) throw new Error(`operations without a probe: ${unprobed.map(({ key }) => key).join(', ')}`);
  for (const { what, how } of tally.leaks.slice(0, SHOWN_LEAKS)) log(`LEAK ${what}: ${how}`);
}

await runBench({
  name: 'isolation',
  defaults: {},
  reaches: { probes: '>= 2000', leaks: '0' },
  standIns: apiStandIns.map((text) => text.replace('no call is placed', 'the two calls that are placed say nothing')),
  async run({ log, signal }) {
    await using api = await openApiRig({ name: 'isolation', settings: { TRUSTED_PROXIES: '127.0.0.1' } });
    const twins = [await openTwin(api, 0), await openTwin(api, 1)] as const;
    const { operations } = describeApi((await api.ask('/openapi.json')).body);
    const url = databaseUrl(api.rig.instance, 'app');
    const tables = await listTables(url);
    log(`${operations.length} operations, ${tables.length} tables`);
    const tally = openTally();
    for (const [attacker, victim] of [twins, [twins[1], twins[0]]] as const) {
      const probing: HttpProbing = { api, tally, attacker, victim };
      await checkInstrument(probing, tables.length);
      await probeIdempotency(probing, IDEMPOTENCY_ROUNDS);
      // From here on the other asks for nothing that writes: whatever changes in its rows, one has changed.
      const before = await digestOf(api.rig.instance, tables, victim.organizationId);
      for (const operation of operations) {
        signal.throwIfAborted();
        if (operation.access.kind !== 'signed') await probeOperation(probing, operation);
      }
      await probeOwnThings(probing);
      await probeSql({ url, tally, attacker, victim }, tables);
      const changed = changedTables(before, await digestOf(api.rig.instance, tables, victim.organizationId));
      for (const { name } of tables)
        tally.count(`rows of ${name}`, changed.includes(name) ? `rows of ${victim.organizationId} changed` : null);
      for (const operation of operations) if (operation.access.kind === 'signed') await probeOperation(probing, operation);
      // At last: what a call writes when it is over would look like somebody's change.
      await probeLiveCalls(probing, signal);
      await probeRates(probing);
      log(`${attacker.canary} against ${victim.canary}: ${tally.total()} probes so far, ${tally.leaks.length} leaks`);
    }
    printTable(tally, operations, log);
    return { n: tally.total(), figures: { probes: tally.total(), leaks: tally.leaks.length } };
  },
});
