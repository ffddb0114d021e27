/** Writes and searches of one's own that must not notice the other: names, times and files that the other has, and its words as a question. */
import { openCalendar } from '@centralita/control-plane/test/twin-booking.ts';
import type { ApiAnswer } from './api-rig.ts';
import type { HttpProbing } from './isolation-http.ts';
import { nobody } from './isolation-requests.ts';
import { essenceOf, secretIn, shownBy } from './isolation-tally.ts';
import { waitUntilRead } from './isolation-twin-things.ts';

const VISITOR = { contactName: 'Probe', contactNumber: '+34600111222' };

type Ask = (path: string, body: unknown, method?: string) => Promise<ApiAnswer>;

const asking =
  ({ api, attacker }: HttpProbing): Ask =>
  (path, body, method = 'POST') =>
    api.ask(path, { method, body, headers: { authorization: `Bearer ${attacker.tokens.full}` } });

/** All of them. Changes rows of the attacker. */
export async function probeOwnThings(probing: HttpProbing): Promise<void> {
  await probeTaken(probing);
  await probeMixedBookings(probing);
  await probeSearches(probing);
}

/** What the other has taken is free for oneself: a refusal would tell of it. */
async function probeTaken(probing: HttpProbing): Promise<void> {
  const { api, tally, attacker, victim } = probing;
  const ask = asking(probing);
  const [agentId = ''] = attacker.ids.agentId;
  const [serviceId, staffId] = [attacker.ids.serviceId[0], attacker.ids.staffId[0]];
  const { service, staff, tool, moment, document } = victim.taken;
  const appointment = { ...moment, ...VISITOR, serviceId, staffId };
  const writes = [
    { key: 'PUT /booking/calendar', body: openCalendar, status: 200 },
    { key: 'POST /booking/services', body: { name: service, minutes: 30 }, status: 201 },
    { key: 'POST /booking/staff', body: { name: staff, serviceIds: [serviceId] }, status: 201 },
    { key: 'POST /booking/appointments', body: appointment, status: 201 },
    { key: 'POST /agents/{agentId}/http-tools', body: tool, status: 201 },
    // 200 would be: the file is here already.
    { key: 'POST /agents/{agentId}/rag/upload', body: document(), status: 202 },
  ];
  for (const { key, body, status } of writes) {
    const [method = '', path = ''] = key.split(' ');
    const answer = await ask(path.replace('{agentId}', agentId), body, method);
    const secret = secretIn(shownBy(answer), victim, '');
    const isFree = answer.status === status && !secret;
    tally.count(key, isFree ? null : `what the other has taken: ${answer.status} ${secret ?? JSON.stringify(answer.body)}`);
    const { documentId } = answer.body as { documentId?: unknown };
    if (typeof documentId === 'string')
      await waitUntilRead({ api, token: attacker.tokens.full }, `/agents/${agentId}/rag/documents/${documentId}`);
  }
}

/** One's own service by the other's staff, and the other way round: the same as by nobody. */
async function probeMixedBookings(probing: HttpProbing): Promise<void> {
  const { tally, attacker, victim } = probing;
  const ask = asking(probing);
  const unknown = nobody().ids;
  const visit = { ...victim.taken.moment, ...VISITOR };
  const own = { serviceId: attacker.ids.serviceId[0], staffId: attacker.ids.staffId[0] };
  for (const kind of ['serviceId', 'staffId'] as const)
    for (const id of victim.ids[kind]) {
      const nobodys = unknown[kind][0] ?? '';
      const answer = await ask('/booking/appointments', { ...visit, ...own, [kind]: id });
      const plain = await ask('/booking/appointments', { ...visit, ...own, [kind]: nobodys });
      const asked = [id, nobodys];
      const isSame = answer.status >= 400 && essenceOf(answer, asked) === essenceOf(plain, asked);
      const leak = `the other's ${kind}: ${answer.status} ${JSON.stringify(answer.body)}, nobody's: ${JSON.stringify(plain.body)}`;
      tally.count('POST /booking/appointments', isSame ? null : leak);
    }
}

/** Questions in the other's words find what is one's own. An own word must find an own passage, or nothing is proved. */
async function probeSearches(probing: HttpProbing): Promise<void> {
  const { tally, attacker, victim } = probing;
  const ask = asking(probing);
  const [agentId = ''] = attacker.ids.agentId;
  const path = `/agents/${agentId}/rag/search`;
  const own = await ask(path, { question: `la tarifa de ${attacker.canary}` });
  if (!shownBy(own).includes(attacker.canary)) throw new Error(`a search does not find one's own: ${own.status} ${shownBy(own)}`);
  const questions = [victim.canary, `la tarifa de ${victim.canary}`, `${victim.canary}.txt`, victim.ids.documentId[0], victim.callerNumber];
  for (const question of questions)
    for (const more of [{}, { limit: 20 }, { categories: ['precios'] }]) {
      const answer = await ask(path, { question, ...more });
      const secret = secretIn(shownBy(answer), victim, '');
      tally.count('POST /agents/{agentId}/rag/search', answer.status === 200 && !secret ? null : `${answer.status} ${secret ?? ''}`);
    }
}
