/** Documents read and cut into chunks, each in the process with limits that the product uses; and what the API's readers notice while documents are ingested. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentFormat } from '@centralita/control-plane/features/knowledge/parsing/document-format.ts';
import { documentFormats } from '@centralita/control-plane/features/knowledge/parsing/document-format.ts';
import { createDocumentReader } from '@centralita/control-plane/features/knowledge/parsing/document-reader.ts';
import { seedCalls } from './api-bench-data.ts';
import type { ApiRig } from './api-rig.ts';
import { apiStandIns, openApiRig } from './api-rig.ts';
import { runBench } from './harness.ts';
import { loadHttpFromProcess } from './http-load-process.ts';
import { ingestDocument } from './ingest-documents.ts';
import { percentile } from './percentile.ts';

const PLAN = 'bench';
/** The first seconds are the compiler's. */
const WARM_UP_MS = 4_000;
const POLL_MS = 200;

/** Megabytes of text a second, each document alone, from the start of its process to its last chunk. */
async function readAll(options: { megabytes: number; random: () => number; log: (line: string) => void; signal: AbortSignal }) {
  const reader = createDocumentReader();
  let [textBytes, tookMs, chunks] = [0, 0, 0];
  for (const format of documentFormats) {
    const document = ingestDocument(format, options.megabytes * 1e6, options.random);
    const startedAtMs = performance.now();
    const outcome = await reader.read(document, { signal: options.signal });
    const ms = performance.now() - startedAtMs;
    if (outcome.kind !== 'read')
      throw new Error(`the ${format} of the bench was not read: ${outcome.kind === 'busy' ? 'the machine is busy' : outcome.reason}`);
    options.log(
      `${format}: ${(document.textBytes / 1e3 / ms).toFixed(2)} MB of text a second, ${outcome.chunks.length} chunks in ${ms.toFixed(0)} ms`,
    );
    textBytes += document.textBytes;
    tookMs += ms;
    chunks += outcome.chunks.length;
  }
  return { megabytesPerSecond: textBytes / 1e3 / tookMs, chunks };
}

/** Whoever uploads: one document after the other, each until it is searched, then removed. Returns how many pieces were stored meanwhile. */
async function uploadOn(api: ApiRig, who: { agentId: string; authorization: string; files: readonly File[] }, signal: AbortSignal) {
  const headers = { authorization: who.authorization };
  const documents = `${api.url}/agents/${who.agentId}/rag`;
  let pieces = 0;
  for (let turn = 0; !signal.aborted; turn++) {
    const form = new FormData();
    form.set('file', who.files[turn % who.files.length] as File);
    const uploaded = await fetch(`${documents}/upload`, { method: 'POST', headers, body: form });
    let document = (await uploaded.json()) as { documentId?: string; state: string; failure: string | null; storedCount: number };
    // The machine is busy, which the next try may not find.
    if (uploaded.status === 503) continue;
    const { documentId } = document;
    if (uploaded.status > 202 || documentId === undefined) throw new Error(`an upload was answered ${uploaded.status}`);
    const before = document.storedCount;
    while (document.state !== 'ready' && !signal.aborted) {
      await sleep(POLL_MS);
      document = (await (await fetch(`${documents}/documents/${documentId}`, { headers })).json()) as typeof document;
      if (document.state === 'failed') throw new Error(`a document failed: ${String(document.failure)}`);
    }
    pieces += Math.max(0, document.storedCount - before);
    if (document.state === 'ready') await fetch(`${documents}/documents/${documentId}`, { method: 'DELETE', headers });
  }
  return pieces;
}

async function openSubjects(api: ApiRig, random: () => number) {
  const limits = { concurrentCalls: 10, agents: 10, dailyDials: 0, storageBytes: 0, recordingRetentionDays: 30, textRetentionDays: 3_650 };
  await api.asAdmin('/admin/plans', { method: 'POST', body: { planId: PLAN, name: 'Bench', requestsPerMinute: 1_000_000, ...limits } });
  const organizations = await seedCalls(api.database, { organizations: 2, callsEach: 500, planId: PLAN, random });
  return Promise.all(
    organizations.map(async ({ organizationId, callIds }) => {
      const scopes = ['calls:read', 'agent:read', 'agent:write'];
      const { token } = await api.asAdmin(`/admin/organizations/${organizationId}/tokens`, {
        method: 'POST',
        body: { name: 'bench', scopes },
      });
      const { agents } = await api.asAdmin(`/admin/agents?organizationId=${organizationId}`);
      const [agent] = agents as { agentId: string }[];
      return { agentId: agent?.agentId ?? '', authorization: `Bearer ${String(token)}`, callIds };
    }),
  );
}

await runBench({
  name: 'ingest',
  defaults: { megabytes: 2, rounds: 3, seconds: 10, connections: 4, uploaders: 2 },
  reaches: { mb_per_s: '>= 2', api_p99_ratio: '<= 2' },
  standIns: [
    ...apiStandIns,
    'vectors are those of hashed n-grams, as on a box without model weights: with a sentence model the indexing takes longer, in a thread of its own',
  ],
  async run({ options, random, log, signal }) {
    const { megabytesPerSecond, chunks } = await readAll({ megabytes: options.megabytes, random, log, signal });
    await using api = await openApiRig({ name: 'ingest' });
    const organizations = await openSubjects(api, random);
    const questions = organizations.flatMap(({ callIds, authorization }) =>
      callIds.map((callId) => ({ path: `/calls/${callId}`, authorization, expects: callId })),
    );
    const formats: readonly DocumentFormat[] = ['pdf', 'docx', 'html', 'txt'];
    const files = formats.map((format) => new File([new Uint8Array(ingestDocument(format, 1e6, random).bytes)], `documento.${format}`));
    const { hostname: host, port } = new URL(api.url);
    const p99Of = async (durationMs: number): Promise<number> => {
      const result = await loadHttpFromProcess(
        { host, port: Number(port), connections: options.connections, durationMs, questions },
        signal,
      );
      if (result.wrong > 0) throw new Error(`${result.wrong} answers were wrong; the first: ${result.firstWrong}`);
      return percentile(result.latenciesMs, 99);
    };
    await p99Of(WARM_UP_MS);
    const ratios: number[] = [];
    let ingested = 0;
    for (let round = 1; round <= options.rounds; round++) {
      const idleMs = await p99Of(options.seconds * 1_000);
      const stop = new AbortController();
      const uploading = Array.from({ length: options.uploaders }, (_, index) => {
        const who = organizations[index % organizations.length];
        if (!who) throw new Error('there is no organization');
        return uploadOn(api, { ...who, files: files.toSpliced(0, index) }, stop.signal);
      });
      const busyMs = await p99Of(options.seconds * 1_000);
      stop.abort();
      const pieces = (await Promise.all(uploading)).reduce((sum, count) => sum + count, 0);
      ingested += pieces;
      ratios.push(busyMs / idleMs);
      log(
        `round ${round}: p99 ${idleMs.toFixed(1)} ms idle, ${busyMs.toFixed(1)} ms while ${pieces} pieces of documents of 1 MB of text were stored`,
      );
    }
    if (ingested === 0) throw new Error('no piece was stored while the API was asked: give it more --seconds');
    return { n: chunks, figures: { mb_per_s: megabytesPerSecond, api_p99_ratio: percentile(ratios, 50) } };
  },
});
