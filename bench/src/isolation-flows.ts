/** Probes that are more than one request: links to recordings, repeated writes, rates, and calls that are up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import type { HttpProbing } from './isolation-http.ts';
import { nobody } from './isolation-requests.ts';
import { essenceOf, secretIn, shownBy } from './isolation-tally.ts';
import type { Twin } from './isolation-twins.ts';

const RECORDING = 'GET /recordings/{callId}';
const bearer = ({ tokens }: Twin) => ({ authorization: `Bearer ${tokens.full}` });

/** A link of one's own, altered towards the other in every field: it opens nothing, in the words that a made-up link gets. */
export async function probeRecordingLinks({ api, tally, attacker, victim }: HttpProbing): Promise<void> {
  const linkOf = async (twin: Twin): Promise<URL> => {
    const answer = await api.ask(`/calls/${twin.ids.callId[0]}/recording-url`, { method: 'POST', headers: bearer(twin) });
    const { url } = answer.body as { url?: unknown };
    if (typeof url !== 'string') throw new Error(`no link to a recording: ${JSON.stringify(answer.body)}`);
    return new URL(url);
  };
  const [own, theirs] = [await linkOf(attacker), await linkOf(victim)];
  const opened = await api.ask(`${own.pathname}${own.search}`);
  if (opened.status !== 200 || !String(opened.body).includes(attacker.canary))
    throw new Error(`an own recording does not open: ${opened.status}`);
  const altered = (callId: string, changes: Readonly<Record<string, string>>): string => {
    const query = new URLSearchParams(own.search);
    for (const [name, value] of Object.entries(changes)) query.set(name, value);
    return `/recordings/${callId}?${query.toString()}`;
  };
  const field = (name: string): string => theirs.searchParams.get(name) ?? '';
  const madeUp = await api.ask(altered(nobody().ids.callId[0] ?? '', {}));
  const fields = ['organization', 'expires', 'id', 'version', 'signature'];
  // Every way of taking some fields of the other's link and the rest of one's own, but the other's whole.
  const subsets = Array.from({ length: 2 ** fields.length - 1 }, (_, bits) => fields.filter((_name, index) => bits & (1 << index)));
  for (const callId of victim.ids.callId)
    for (const subset of subsets)
      for (const method of ['GET', 'HEAD']) {
        const path = altered(callId, Object.fromEntries(subset.map((name) => [name, field(name)])));
        // Ends of the same second and keys of the same version differ in nothing: this one may be the other's link itself.
        if (isSameLink(new URL(path, theirs), theirs)) continue;
        const answer = await api.ask(path, { method });
        const secret = secretIn(shownBy(answer), victim, path);
        const isSame =
          answer.status === madeUp.status && (method === 'HEAD' || essenceOf(answer, [callId]) === essenceOf(madeUp, [callId]));
        tally.count(RECORDING, secret || !isSame ? `${method} ${path}: ${answer.status} ${secret ?? ''}` : null);
      }
  for (const callId of victim.ids.callId) {
    const path = `/calls/${callId}/recording-url`;
    const answer = await api.ask(path, { method: 'POST', headers: bearer(attacker) });
    tally.count('POST /calls/{callId}/recording-url', answer.status === 404 ? null : `POST ${path}: ${answer.status}`);
  }
}

function isSameLink(a: URL, b: URL): boolean {
  return a.pathname === b.pathname && [...a.searchParams].every(([name, value]) => b.searchParams.get(name) === value);
}

/** The other's idempotency key with one's own write: one's own answer, not the other's. */
export async function probeIdempotency({ api, tally, attacker, victim }: HttpProbing, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const key = `twins-${attacker.canary.slice(0, 12)}-${round}`;
    const write = (twin: Twin, by: Twin) =>
      api.ask(`/phones/${twin.ids.phoneId[round % 2]}`, {
        method: 'PATCH',
        body: { displayName: `Ana ${by.canary}` },
        headers: { ...bearer(by), 'idempotency-key': key },
      });
    const theirs = await write(victim, victim);
    if (theirs.status !== 200) throw new Error(`an own phone cannot be renamed: ${theirs.status} ${JSON.stringify(theirs.body)}`);
    const own = await write(attacker, attacker);
    const secret = secretIn(shownBy(own), victim, '');
    tally.count(
      'PATCH /phones/{phoneId}',
      own.status === 200 && !secret ? null : `the key ${key} of the other: ${own.status} ${secret ?? ''}`,
    );
    const crossed = await api.ask(`/phones/${victim.ids.phoneId[0]}`, {
      method: 'PATCH',
      body: { displayName: 'Probe' },
      headers: { ...bearer(attacker), 'idempotency-key': `${key}-crossed` },
    });
    tally.count('PATCH /phones/{phoneId}', crossed.status === 404 ? null : `the other's phone under a key: ${crossed.status}`);
  }
}

/** An organization that has used up its rate takes nothing from the other's. */
export async function probeRates({ api, tally, attacker, victim }: HttpProbing): Promise<void> {
  const plan = `/admin/plans/${attacker.ids.planId[0]}`;
  await api.asAdmin(plan, { method: 'PATCH', body: { requestsPerMinute: 30 } });
  let refused = 0;
  for (let attempt = 0; attempt < 200 && refused < 20; attempt++) {
    const answer = await api.ask('/tokens/self', { headers: bearer(attacker) });
    if (answer.status !== 429) continue;
    refused++;
    const other = await api.ask('/tokens/self', { headers: bearer(victim) });
    tally.count('GET /tokens/self', other.status === 200 ? null : `the other is answered ${other.status} when one's rate is used up`);
  }
  await api.asAdmin(plan, { method: 'PATCH', body: { requestsPerMinute: 1_000_000 } });
  if (refused === 0) throw new Error('the rate of a plan was never used up');
}

/** A call of the other that is up: not in one's list, and it goes on whoever tries to end it. */
export async function probeLiveCalls({ api, tally, attacker, victim }: HttpProbing, signal: AbortSignal): Promise<void> {
  const server = { host: '127.0.0.1', port: api.rig.ports.sip };
  await using caller = await openSipCaller({ server, rtpPorts: { from: 28_000, to: 29_998 }, username: 'twins' });
  await using call = await caller.call(victim.dialled[0] ?? '', { signal });
  const liveOf = async (twin: Twin) => {
    const answer = await api.ask('/live-calls', { headers: bearer(twin) });
    return { answer, calls: (answer.body as { calls: { callId: string }[] }).calls };
  };
  let theirs = await liveOf(victim);
  for (const giveUpAt = Date.now() + 10_000; theirs.calls.length === 0; theirs = await liveOf(victim)) {
    if (Date.now() > giveUpAt)
      throw new Error(`a call to ${victim.dialled[0]} is not up after 10 s: ${JSON.stringify(await call.outcome)}`);
    await sleep(100, undefined, { signal });
  }
  const callId = theirs.calls[0]?.callId ?? '';
  for (let look = 0; look < 20; look++) {
    const { answer, calls } = await liveOf(attacker);
    const secret = secretIn(shownBy(answer), victim, '');
    tally.count('GET /live-calls', secret || calls.some((live) => live.callId === callId) ? `shows ${secret ?? callId}` : null);
  }
  const unknown = nobody().ids.callId[0] ?? '';
  for (const [key, method, path] of [
    ['GET /calls/{callId}', 'GET', ''],
    ['POST /calls/{callId}/hang-up', 'POST', '/hang-up'],
    ['POST /calls/{callId}/recording-url', 'POST', '/recording-url'],
  ] as const) {
    const answer = await api.ask(`/calls/${callId}${path}`, { method, headers: bearer(attacker) });
    const plain = await api.ask(`/calls/${unknown}${path}`, { method, headers: bearer(attacker) });
    const isSame = essenceOf(answer, [callId, unknown]) === essenceOf(plain, [callId, unknown]);
    tally.count(key, isSame ? null : `a live call of the other is told apart: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  const after = await liveOf(victim);
  tally.count('POST /calls/{callId}/hang-up', after.calls.some((live) => live.callId === callId) ? null : "the other's call was ended");
  await call.hangUp();
}
