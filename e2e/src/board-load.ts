/** A short, busy life of an appliance: a crash with a call up, calls in two languages, one who interrupts, one nobody knows, a chat, requests good and bad. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RIG_ADMIN_KEY } from './rig.ts';
import type { Rig } from './rig.ts';
import { RIG_NUMBERS } from './rig-seed.ts';
import { openTestLines, people } from './test-lines.ts';
import type { TestLines } from './test-lines.ts';

/** The jobs after a call, its quality and the gaps on its recording come some seconds after its end. */
const AFTER_CALLS_MS = 12_000;

/** Time for two scrapes of the process that took the call over. */
const CRASH_HEARD_MS = 5_000;

/** Runs all of it once and settles when what follows a call has been done too. */
export async function liveALittle(rig: Rig): Promise<void> {
  await using lines = openTestLines(rig);
  await outliveACrash(rig, lines);
  await Promise.all([book(lines), askForHours(lines), interrupt(lines), callNobody(lines), useTheApi(rig)]);
  await sleep(AFTER_CALLS_MS);
}

/** First, because every counter begins anew with the process. */
async function outliveACrash(rig: Rig, lines: TestLines): Promise<void> {
  const caller = await lines.dial(people.spanish);
  await caller.hear();
  await rig.controlPlane.stop('SIGKILL', 1_000);
  await rig.startControlPlane();
  await sleep(CRASH_HEARD_MS);
  await caller.call.hangUp();
}

async function book(lines: TestLines): Promise<void> {
  const caller = await lines.dial(people.spanish);
  await caller.hear();
  for (const words of ['quiero una cita', 'el martes', 'a las diez', 'sí', 'no, gracias']) {
    await caller.say(words);
    await caller.hear();
  }
  await caller.call.ended;
}

async function askForHours(lines: TestLines): Promise<void> {
  const caller = await lines.dial(people.english);
  await caller.hear();
  await caller.say('opening hours');
  await caller.hear();
  await caller.say('goodbye');
  await caller.hear();
  await caller.call.ended;
}

async function interrupt(lines: TestLines): Promise<void> {
  const caller = await lines.dial(people.north);
  await caller.hearBeginning();
  await sleep(1_500);
  await caller.say('quiero una cita');
  caller.forget();
  await caller.hear();
  await caller.call.hangUp();
}

async function callNobody(lines: TestLines): Promise<void> {
  await using call = await (await lines.telephone()).call(RIG_NUMBERS.unknown, { signal: AbortSignal.timeout(20_000) });
  await call.outcome;
}

async function useTheApi(rig: Rig): Promise<void> {
  const origin = `http://127.0.0.1:${rig.ports.http}`;
  const { organizations } = (await rig.admin('/admin/organizations')) as { organizations: { slug: string; organizationId: string }[] };
  const demo = organizations.find(({ slug }) => slug === 'clinica-demo')?.organizationId ?? '';
  const { body } = await rig.adminSend('POST', `/admin/organizations/${demo}/tokens`, { name: 'boards', preset: 'full' });
  const authorization = `Bearer ${String(body['token'])}`;
  const ask = (path: string, message?: object) =>
    fetch(origin + path, {
      method: message ? 'POST' : 'GET',
      headers: { authorization, ...(message ? { 'content-type': 'application/json' } : {}) },
      ...(message ? { body: JSON.stringify(message) } : {}),
    });
  const { agents } = (await (await ask('/agents')).json()) as { agents: { agentId: string }[] };
  const first = (await (await ask('/chat', { agentId: agents[0]?.agentId, message: 'hola' })).json()) as { conversationId?: string };
  for (const message of ['quiero una cita', 'el martes']) await ask('/chat', { conversationId: first.conversationId, message });
  for (const path of ['/calls', '/agents', '/live-calls', '/no-such-path']) await ask(path);
  await fetch(`${origin}/admin/organizations`, { headers: { 'X-Admin-Key': 'not-the-key' } });
  await fetch(`${origin}/calls`, { headers: { authorization: 'Bearer cck_live_wrong' } });
  await fetch(`${origin}/admin/organizations`, { headers: { 'X-Admin-Key': RIG_ADMIN_KEY } });
}
