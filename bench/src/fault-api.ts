/** Faults of those who use the API, by mistake and on purpose. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { repeatedPdf, sampleDocx } from '@centralita/control-plane/features/knowledge/testing/sample-documents.ts';
import { RIG_ADMIN_KEY } from '@centralita/e2e/rig.ts';
import { fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { converse, greeted } from './fault-talk.ts';
import type { FaultAnswer } from './fault-world-parts.ts';
import type { FaultWorld } from './fault-world.ts';

const answered = (status: string): RegExp => new RegExp(`^centralita_http_requests_total\\{.*status="${status}"`);
const logged = (status: number): RegExp => new RegExp(`"status":${status},.*"msg":"request"`);

function isProblem(answer: FaultAnswer, status: number): void {
  must(answer.status === status, `answered ${answer.status}, not ${status}: ${answer.text.slice(0, 200)}`);
  must(
    answer.headers.get('content-type')?.startsWith('application/problem+json') === true,
    `the refusal is ${answer.headers.get('content-type')}`,
  );
}

/** The API still answers at once. */
async function isQuick(world: FaultWorld, withinMs = 1_500): Promise<void> {
  const from = performance.now();
  const { status } = await world.ask('/health');
  const tookMs = performance.now() - from;
  must(status === 200 && tookMs < withinMs, `/health answered ${status} after ${tookMs.toFixed(0)} ms`);
}

function withAdmin(body: string, more: Readonly<Record<string, string>> = {}) {
  return { method: 'POST', headers: { 'X-Admin-Key': RIG_ADMIN_KEY, 'content-type': 'application/json', ...more }, body };
}

async function upload(world: FaultWorld, { name, bytes, type }: { name: string; bytes: Uint8Array; type: string }): Promise<FaultAnswer> {
  const form = new FormData();
  form.set('file', new File([new Uint8Array(bytes)], name, { type }));
  const path = `/agents/${world.shopAgent}/rag/upload`;
  return await world.ask(path, { method: 'POST', headers: { authorization: `Bearer ${world.shopToken}` }, body: form });
}

/** A body that is refused before anything is done with it. */
function badBody(row: { name: string; fault: string; injection: string; status: number; body: () => string; path?: string }): Fault {
  const { status, body, path = '/admin/global-stop', ...described } = row;
  return fault({
    ...described,
    row: 66,
    expected: `${status} as a problem, and nothing is slower for others`,
    metric: answered(String(status)),
    cause: logged(status),
    inject: (world) => world.ask(path, withAdmin(body())),
    async expect(world, _trial, answer) {
      isProblem(answer, status);
      await isQuick(world);
    },
  });
}

const bodies: Fault[] = [
  badBody({
    name: 'body-too-large',
    fault: 'a body of 3 MB where 1 MiB is allowed',
    injection: 'POST with 3 MB of JSON',
    status: 413,
    body: () => JSON.stringify({ reason: 'x'.repeat(3_000_000) }),
  }),
  badBody({
    name: 'body-is-no-json',
    fault: 'malformed JSON',
    injection: 'a body that ends in the middle',
    status: 400,
    body: () => '{"reason": "x',
  }),
  badBody({
    name: 'body-nested-too-deep',
    fault: 'JSON nested 100,000 levels deep',
    injection: 'POST with brackets',
    status: 400,
    body: () => `{"reason":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  }),
  badBody({
    name: 'body-with-10000-keys',
    fault: 'JSON with 10,000 keys nobody knows',
    injection: 'POST with keys',
    status: 400,
    body: () => JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index]))),
  }),
];

const documents: Fault[] = [
  fault({
    name: 'upload-zip-bomb',
    row: 58,
    fault: 'a Word file that unpacks to 240 MB',
    injection: 'upload beside a live call',
    expected: '422 with the reason, the call is answered as ever',
    metric: answered('422'),
    cause: logged(422),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const bomb = sampleDocx([{ text: 'a' }], { extra: [{ name: 'word/media/image.xml', content: Buffer.alloc(240_000_000) }] });
      const [answer] = await Promise.all([
        upload(world, { name: 'bomb.docx', bytes: bomb, type: 'application/zip' }),
        converse(world, call),
      ]);
      return answer;
    },
    async expect(world, _trial, answer) {
      isProblem(answer, 422);
      await isQuick(world);
    },
  }),
  fault({
    name: 'upload-pdf-bomb',
    row: 58,
    fault: 'a small PDF that takes minutes to read',
    injection: 'upload of 2,000 pages that each draw 20,000 words, beside a live call',
    expected: '422 within the time for a document, the call is answered as ever',
    metric: answered('422'),
    cause: logged(422),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const bomb = repeatedPdf(`BT /F1 8 Tf 50 700 Td ${'(palabra) Tj '.repeat(20_000)} ET`, 2_000);
      const from = performance.now();
      const [answer] = await Promise.all([
        upload(world, { name: 'bomb.pdf', bytes: bomb, type: 'application/pdf' }),
        converse(world, call),
      ]);
      return { answer, tookMs: performance.now() - from };
    },
    async expect(world, _trial, { answer, tookMs }) {
      isProblem(answer, 422);
      must(tookMs < 30_000, `refused after ${tookMs.toFixed(0)} ms`);
      await isQuick(world);
    },
  }),
  fault({
    name: 'upload-is-something-else',
    row: 59,
    fault: 'files that are not what they say',
    injection: 'a PNG named .pdf, an empty file, a name with ../ in it',
    expected: 'refused with 422; a name is nowhere a path',
    metric: answered('4..'),
    cause: logged(422),
    async inject(world) {
      const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
      return [
        await upload(world, { name: 'picture.pdf', bytes: png, type: 'application/pdf' }),
        await upload(world, { name: 'empty.txt', bytes: Buffer.alloc(0), type: 'text/plain' }),
        await upload(world, { name: '../../etc/cron.d/x\0.exe', bytes: Buffer.from('MZ\0\0'), type: 'application/octet-stream' }),
      ];
    },
    async expect(world, _trial, answers) {
      for (const answer of answers) must(answer.status >= 400 && answer.status < 500, `a file that is none was answered ${answer.status}`);
      await isQuick(world);
    },
  }),
];

const connections: Fault[] = [
  fault({
    name: 'slowloris',
    row: 66,
    fault: 'requests that never arrive whole',
    injection: '100 connections with half a header, 20 with half a body, beside a live call',
    expected: 'closed by the server within its limits; everybody else is answered',
    metric: /^centralita_http_requests_total\{.*status="408"/,
    cause: logged(408),
    limitMs: 60_000,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const sockets = await openSockets(world, 120, (index) =>
        index < 100
          ? 'POST /chat HTTP/1.1\r\nHost: x\r\nX-'
          : `POST /admin/global-stop HTTP/1.1\r\nHost: x\r\nX-Admin-Key: ${RIG_ADMIN_KEY}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"rea`,
      );
      await converse(world, call);
      await isQuick(world);
      return sockets;
    },
    async expect(_world, trial, sockets) {
      await trial.until('all of them are closed', async () => sockets.every(({ closed }) => closed), 45_000);
    },
  }),
  fault({
    name: 'connections-that-say-nothing',
    row: 66,
    fault: 'hundreds of idle connections',
    injection: '500 sockets that send nothing, beside a live call',
    expected: 'closed by the server within its limits; API and call are answered meanwhile; the descriptors come back',
    metric: { series: /^process_open_fds/, atLeast: 400 },
    cause: /"connections":\d{2,}.*"msg":"connections were closed that sent no whole request in time"/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const sockets = await openSockets(world, 500, () => '');
      await converse(world, call);
      await isQuick(world);
      return sockets;
    },
    async expect(_world, trial, sockets) {
      await trial.until('all of them are closed', async () => sockets.every(({ closed }) => closed), 20_000);
    },
  }),
];

const access: Fault[] = [
  fault({
    name: 'wrong-tokens-in-a-flood',
    row: 52,
    fault: 'somebody guesses tokens',
    injection: '200 wrong tokens from one address',
    expected: '401, then 429 for that address alone; the right token from elsewhere is served',
    metric: /^centralita_(auth_failures_total|rate_limited_total)/,
    cause: logged(429),
    async inject(world) {
      const statuses: number[] = [];
      for (let index = 0; index < 200; index++) {
        const headers = { authorization: `Bearer cck_live_${String(index).padStart(38, '0')}`, 'x-forwarded-for': '203.0.113.7' };
        statuses.push((await world.ask('/calls', { headers })).status);
      }
      return statuses;
    },
    async expect(world, _trial, statuses) {
      must(
        statuses.every((status) => status === 401 || status === 429),
        `answered ${[...new Set(statuses)].join(', ')}`,
      );
      must(statuses.at(-1) === 429, 'the address is not limited');
      const right = await world.ask('/calls', {
        headers: { authorization: `Bearer ${world.shopToken}`, 'x-forwarded-for': '203.0.113.8' },
      });
      must(right.status === 200, `the right token was answered ${right.status}`);
    },
  }),
  fault({
    name: 'token-revoked-mid-call',
    row: 52,
    fault: 'a token ends while its organization’s call is up',
    injection: 'revocation of a token in use, beside a live call',
    expected: 'refused within 5 s; the call goes on',
    metric: /^centralita_auth_failures_total/,
    cause: logged(401),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'shop');
      const made = await world.asAdmin(`/admin/organizations/${world.organizations.shop}/tokens`, {
        method: 'POST',
        body: { name: 'short', preset: 'reporting' },
      });
      const headers = { authorization: `Bearer ${String(made.body['token'])}` };
      must((await world.ask('/live-calls', { headers })).status === 200, 'the new token is not served');
      await world.asAdmin(`/admin/tokens/${String(made.body['tokenId'])}/revoke`, { method: 'POST' });
      return { call, headers };
    },
    async expect(world, trial, { call, headers }) {
      await trial.until('the token is refused', async () => (await world.ask('/live-calls', { headers })).status === 401, 5_000);
      await converse(world, call);
    },
  }),
  fault({
    name: 'things-of-another-organization',
    row: 64,
    fault: 'ids of another organization',
    injection: 'a call, an agent and a recording of another one asked with a good token',
    expected: '404 as for what does not exist, the call goes on',
    metric: answered('404'),
    cause: logged(404),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const [row] = await trial.until('the call is in the journal', async () => {
        const rows = await trial.calls();
        return rows.length > 0 ? rows : null;
      });
      const id = row?.id ?? '';
      const headers = { authorization: `Bearer ${world.shopToken}` };
      const asked = [`/calls/${id}`, `/calls/${id.slice(0, -4)}aaaa`].map((path) => world.ask(path, { headers }));
      const hangUp = world.ask(`/calls/${id}/hang-up`, { method: 'POST', headers });
      return { call, answers: await Promise.all([...asked, hangUp]) };
    },
    async expect(world, _trial, { call, answers }) {
      for (const answer of answers) isProblem(answer, 404);
      await converse(world, call);
    },
  }),
  fault({
    name: 'paths-that-climb',
    row: 60,
    fault: 'path traversal',
    injection: '60 ways of writing ../../etc/passwd in ids and paths',
    expected: 'refused each time, no file is read',
    metric: answered('4..'),
    cause: logged(404),
    async inject(world) {
      const climbs = ['../', '..%2f', '%2e%2e/', '..%5c', '....//', '..%c0%af', '%252e%252e%252f', '..;/', '/%00/', '..\\'];
      const places = ['/agents/', '/calls/', '/recordings/', '/admin/organizations/', '/exports/', '/'];
      const headers = { 'X-Admin-Key': RIG_ADMIN_KEY, authorization: `Bearer ${world.shopToken}` };
      const paths = places.flatMap((place) => climbs.map((climb) => `${place}${climb.repeat(6)}etc/passwd`));
      const answers: FaultAnswer[] = [];
      for (const path of paths) answers.push(await world.ask(path, { headers }));
      return answers;
    },
    async expect(_world, _trial, answers) {
      must(
        answers.every(({ status }) => status >= 400 && status < 500),
        `answered ${[...new Set(answers.map(({ status }) => status))].join(', ')}`,
      );
      must(!answers.some(({ text }) => text.includes('root:')), 'a file of the machine was read');
    },
  }),
  fault({
    name: 'lines-smuggled-into-the-log',
    row: 65,
    fault: 'log injection, and secrets in logs',
    injection: 'line breaks and a forged line in path and headers, the right admin key beside them',
    expected: 'every line of the log is one object of JSON, the key is in none',
    metric: answered('4..'),
    cause: logged(404),
    async inject(world) {
      const forged = encodeURIComponent('x\r\n{"level":60,"msg":"forged-line-of-the-suite"}\n');
      await world.ask(`/calls/${forged}`, { headers: { authorization: `Bearer ${world.shopToken}` } });
      await world.ask(`/admin/organizations/${forged}?key=${RIG_ADMIN_KEY}`, { headers: { 'X-Admin-Key': RIG_ADMIN_KEY } });
      await sleep(300);
      return await world.rig.controlPlane.logTail();
    },
    async expect(_world, _trial, tail) {
      const lines = tail
        .split('\n')
        .filter((line) => line !== '')
        .slice(1);
      for (const line of lines) must(line.startsWith('{') && line.endsWith('}'), `a line that is no object: ${line.slice(0, 100)}`);
      must(!lines.some((line) => /"level":60,"msg":"forged/.test(line.replaceAll('\\"', ''))), 'a forged line stands in the log');
      must(!tail.includes(RIG_ADMIN_KEY), 'the admin key stands in the log');
    },
  }),
];

export const apiFaults: readonly Fault[] = [...bodies, ...documents, ...connections, ...access];

/** Opens so many and sends what is said for each. */
async function openSockets(world: FaultWorld, count: number, first: (index: number) => string): Promise<readonly Socket[]> {
  const opening = Array.from({ length: count }, async (_, index) => {
    const socket = connect(world.rig.ports.http, '127.0.0.1');
    socket.on('error', () => undefined);
    // What comes must be read, or the end is never seen.
    socket.resume();
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()).once('close', () => resolve()));
    if (first(index) !== '') socket.write(first(index));
    return socket;
  });
  return await Promise.all(opening);
}
