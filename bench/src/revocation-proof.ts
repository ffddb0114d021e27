/** A token that is revoked, rotated, or whose organization is deactivated on one server is refused by both within seconds, although both remember it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '@centralita/provision/command.ts';
import { DATABASE } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';
import { RIG_ADMIN_KEY } from '@centralita/e2e/rig.ts';
import { apiStandIns, openApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';

/** How a token ends, or everything of its organization. */
const ENDINGS = ['revoked', 'rotated', 'organization deactivated'] as const;
type Ending = (typeof ENDINGS)[number];
/** Pause between two looks of one poller: short beside the 5 s that are promised, long beside an answer. */
const POLL_MS = 5;
/** A token that is still good after this is good for ever, as far as this proof is concerned. */
const GIVE_UP_MS = 30_000;

/** How long nobody listens, and how long before tokens end: longer than the promise, so that only what a server remembers by itself decides. */
const DEAF_S = 8;
const DEAF_BEFORE_MS = 500;
/** Tokens that end in one such time. */
const DEAF_AT_ONCE = 10;

type Servers = { readonly api: ApiRig; readonly urls: readonly string[] };
type Subject = { readonly organizationId: string; readonly tokenId: string; readonly token: string };

async function post(url: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json', 'x-admin-key': RIG_ADMIN_KEY };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, ...(body === null ? {} : { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

let asked = 0;
async function statusOf(url: string, token: string): Promise<number> {
  // From an address of its own each time: the limit on failed attempts is not what is proved here.
  const address = `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked++ & 255}`;
  const response = await fetch(`${url}/tokens/self`, { headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address } });
  await response.arrayBuffer();
  return response.status;
}

/** A token that both servers have verified and remember. */
async function mint({ api, urls }: Servers, organizationId: string): Promise<Subject> {
  const made = await api.asAdmin(`/admin/organizations/${organizationId}/tokens`, {
    method: 'POST',
    body: { name: 'Trial', preset: 'reporting' },
  });
  const subject = { organizationId, tokenId: String(made['tokenId']), token: String(made['token']) };
  for (const url of urls)
    for (let use = 0; use < 2; use++) {
      const status = await statusOf(url, subject.token);
      if (status !== 200) throw new Error(`a new token is answered ${status}`);
    }
  return subject;
}

async function end(url: string, { organizationId, tokenId }: Subject, ending: Ending): Promise<void> {
  if (ending === 'revoked') await post(url, `/admin/tokens/${tokenId}/revoke`, null);
  else if (ending === 'rotated') await post(url, '/admin/tokens/rotate', { tokenId });
  else await post(url, `/admin/organizations/${organizationId}/deactivate`, null);
}

/** Asks one server until it refuses; answers when it did, of `performance.now()`. Once refused it must stay refused. */
async function refusedAtMs(url: string, token: string, signal: AbortSignal): Promise<number> {
  const giveUpAtMs = performance.now() + GIVE_UP_MS;
  while (performance.now() < giveUpAtMs) {
    signal.throwIfAborted();
    const status = await statusOf(url, token);
    if (status === 401) {
      const atMs = performance.now();
      if ((await statusOf(url, token)) !== 401) throw new Error(`${url} refused a token and then took it again`);
      return atMs;
    }
    if (status !== 200) throw new Error(`${url} answers ${status} to a token that is or was good`);
    await sleep(POLL_MS);
  }
  throw new Error(`${url} still takes a token ${GIVE_UP_MS} ms after its end`);
}

/** One trial: seconds from the answer to the ending until the slower of both servers refuses. Both are asked all along. */
async function trial(
  servers: Servers,
  subject: Subject,
  { ending, endedOn, signal }: { ending: Ending; endedOn: string; signal: AbortSignal },
) {
  const watching = Promise.all(servers.urls.map((url) => refusedAtMs(url, subject.token, signal)));
  const ended = end(endedOn, subject, ending).then(() => performance.now());
  const [refusals, endedAtMs] = await Promise.all([watching, ended]);
  // A server may refuse before the one that was told has answered: that is no negative time.
  return Math.max(0, Math.max(...refusals) - endedAtMs) / 1_000;
}

/**
 * Keeps every server from listening for changes: ends each connection that does, again and again for `seconds`. Answers how often it ended one.
 * Settles when the time is over.
 */
async function keepDeaf({ rig }: ApiRig, seconds: number): Promise<number> {
  const input = `
    create temp table ended (count int); insert into ended values (0);
    do $$ declare found int; begin
      for round in 1..${Math.round(seconds * 50)} loop
        perform pg_stat_clear_snapshot();
        select count(pg_terminate_backend(pid)) into found from pg_stat_activity where query ilike 'listen%' and pid <> pg_backend_pid();
        update ended set count = count + found;
        perform pg_sleep(0.02);
      end loop;
    end $$;
    select count from ended;`;
  return Number(
    (await runCommand(psqlCommand(rig.instance, DATABASE), { input, label: 'ending the listeners', timeoutMs: 60_000 })).trim(),
  );
}

/** Trials of one organization: some ways of ending leave a good token, and an organization may have 100. */
const TOKENS_EACH = 50;

const line = (name: string, seconds: readonly number[]): string =>
  `${name}: ${seconds.length} trials, p50 ${percentile(seconds, 50).toFixed(3)} s, p99 ${percentile(seconds, 99).toFixed(3)} s, max ${Math.max(...seconds).toFixed(3)} s`;

await runBench({
  name: 'revocation',
  // Trials of each way of ending, and trials with nobody listening.
  defaults: { trials: 75, deaf: 30 },
  reaches: { trials: '>= 200', p99_s: '<= 5' },
  standIns: apiStandIns,
  async run({ options, log, signal }) {
    await using api = await openApiRig({ name: 'revocation', settings: { TRUSTED_PROXIES: '127.0.0.1' } });
    const servers: Servers = { api, urls: [api.url, await api.rig.startSecondControlPlane()] };
    const limits = { concurrentCalls: 5, agents: 10, dailyDials: 10, storageBytes: 1e9, recordingRetentionDays: 30, textRetentionDays: 30 };
    await api.asAdmin('/admin/plans', {
      method: 'POST',
      body: { planId: 'trials', name: 'Trials', requestsPerMinute: 1_000_000, ...limits },
    });
    let organizationId = '';
    const measured = new Map<string, number[]>();
    const run = async (name: string, ending: Ending, turn: number) => {
      if (turn % TOKENS_EACH === 0) {
        const organization = { name: `Trials, ${name} ${turn}`, planId: 'trials' };
        organizationId = String((await api.asAdmin('/admin/organizations', { method: 'POST', body: organization }))['organizationId']);
      }
      const subject = await mint(servers, organizationId);
      const endedOn = servers.urls[turn % servers.urls.length] as string;
      const seconds = await trial(servers, subject, { ending, endedOn, signal });
      measured.set(name, [...(measured.get(name) ?? []), seconds]);
      if (ending === 'organization deactivated') await post(endedOn, `/admin/organizations/${organizationId}/activate`, null);
    };
    for (const ending of ENDINGS) {
      for (let turn = 0; turn < options.trials; turn++) await run(ending, ending, turn);
      log(line(ending, measured.get(ending) ?? []));
    }
    const deaf = 'ended while nobody listens';
    let cut = 0;
    for (let turn = 0; turn < options.deaf; turn += DEAF_AT_ONCE) {
      const turns = Array.from({ length: Math.min(DEAF_AT_ONCE, options.deaf - turn) }, (_, index) => turn + index);
      const subjects = await Promise.all(turns.map(() => mint(servers, organizationId)));
      const cutting = keepDeaf(api, DEAF_S);
      await sleep(DEAF_BEFORE_MS, undefined, { signal });
      // Used just before: what is remembered is as young as it gets.
      await Promise.all(subjects.flatMap(({ token }) => servers.urls.map((url) => statusOf(url, token))));
      const ends = subjects.map((subject, index) => {
        const ending = ENDINGS[index % 2] as Ending;
        return trial(servers, subject, { ending, endedOn: servers.urls[index % servers.urls.length] as string, signal });
      });
      measured.set(deaf, [...(measured.get(deaf) ?? []), ...(await Promise.all(ends))]);
      cut += await cutting;
    }
    log(`${line(deaf, measured.get(deaf) ?? [])}; ${cut} connections cut`);
    if (options.deaf > 0 && cut === 0) throw new Error('no listening connection was found to cut');
    const all = [...measured.values()].flat();
    log(line('all', all));
    return { n: all.length, figures: { trials: all.length, p99_s: percentile(all, 99) } };
  },
});
