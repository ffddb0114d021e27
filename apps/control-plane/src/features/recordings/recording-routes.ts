// Recordings: a link for whoever may hear one, and the file behind the link, whole or in parts.
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { LRUCache } from 'lru-cache';
import { createRoutes } from '#http/app.ts';
import { addressSet, clientAddress } from '#http/client-address.ts';
import { json } from '#http/json-content.ts';
import { notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute, signedRoute } from '#http/route.ts';
import type { ByteRange, OpenRecording, RecordingStorage } from '#ports/recording-storage.ts';
import type { Actor } from '#shared/actor.ts';
import type { Clock } from '#shared/clock.ts';
import { isId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { LinkedRecording, RecordingAuthentication } from './recording-authentication.ts';
import { entityTag, isUnchanged, toByteRange } from './recording-range.ts';
import type { RecordingStore } from './recording-store.ts';
import { newRecordingGrant, RECORDING_URL_LIFE_MS, recordingUrl } from './recording-url.ts';

/** What the routes read, and who may. */
export type RecordingRouteParts = {
  readonly config: {
    readonly secretKeys: SecretKeys;
    /** Null: links lead to where the request came in. */
    readonly publicUrl: string | null;
    readonly trustedProxies: readonly string[];
  };
  readonly recordingStore: RecordingStore;
  readonly recordingAuthentication: RecordingAuthentication;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly guards: Guards;
  readonly clock: Clock;
};

/** A download ends after this time, also with a client that stopped reading: a recording of 4 hours has 460 MB. */
const DOWNLOAD_LIMIT_MS = 900_000;
/** Downloads of one organization at once: each holds a file open, and players read one at a time. */
const MAX_DOWNLOADS = 16;
const RETRY_AFTER_S = 5;
/** Links whose download is in the log already, while they live. One that falls out is logged again. */
const MAX_LOGGED_LINKS = 10_000;

export function createRecordingRoutes(parts: RecordingRouteParts) {
  const { config, recordingStore, recordingAuthentication, recordings, guards, clock } = parts;
  const logged = new LRUCache<string, true>({ max: MAX_LOGGED_LINKS, ttl: RECORDING_URL_LIFE_MS });
  const trustedProxies = addressSet(config.trustedProxies);
  const downloads = new Map<string, number>();

  /** Counts the open file until it is closed, whether by its last byte, by the reader, or by a fault. */
  function countDownload({ scope }: LinkedRecording, open: OpenRecording): void {
    const { organizationId } = scope;
    const held = downloads.get(organizationId) ?? 0;
    if (held >= MAX_DOWNLOADS) throw tooManyDownloads();
    downloads.set(organizationId, held + 1);
    void open.closed.then(() => {
      const left = (downloads.get(organizationId) ?? 1) - 1;
      if (left === 0) downloads.delete(organizationId);
      else downloads.set(organizationId, left);
    });
  }

  /** One line per link, whichever part is read first: by parts alone nobody hears a recording unseen. */
  async function logDownload(context: Context, { scope, grant }: LinkedRecording): Promise<void> {
    if (logged.has(grant.nonce)) return;
    const requestId: unknown = context.get('requestId');
    const actor: Actor = {
      kind: 'token',
      name: grant.tokenId,
      address: clientAddress(context, trustedProxies),
      requestId: typeof requestId === 'string' ? requestId : null,
    };
    await recordingStore.noteDownload(scope, grant, actor);
    logged.set(grant.nonce, true);
  }

  return createRoutes()
    .openapi(urlRoute(guards), async (context) => {
      const { callId } = context.req.valid('param');
      const scope = context.get('scope');
      if (!isId('call', callId)) throw notFound('call');
      await checkKept(parts, scope, callId);
      const { organizationId } = scope;
      const grant = newRecordingGrant({ callId, organizationId, tokenId: context.get('principal').tokenId }, clock.wallAt());
      await recordingStore.noteUrlIssued(scope, grant, context.get('actor'));
      const origin = config.publicUrl ?? new URL(context.req.url).origin;
      context.header('cache-control', 'no-store');
      const url = recordingUrl(config.secretKeys, origin, grant);
      return context.json({ url, expiresAt: grant.expiresAt.toISOString() }, 200);
    })
    .openapi(downloadRoute, async (context) => {
      const { method } = context.req;
      const link = { ...context.req.valid('query'), ...context.req.valid('param'), method };
      const linked = await recordingAuthentication.authenticate(link);
      const recording = linked && (await recordings?.open(linked.path));
      if (!linked || !recording) throw notFound('recording');
      // Handed over to the stream where one is made; closed on every other way out.
      await using open = recording;
      const asked = context.req.valid('header');
      const headers = fileHeaders(linked.grant.callId, open);
      if (method === 'HEAD') return context.body(null, 200, { ...headers, 'content-length': String(open.bytes) });
      const range = isUnchanged(asked['if-range'], open) ? toByteRange(asked.range, open.bytes) : null;
      if (range === 'unsatisfiable') throw unsatisfiable(open.bytes);
      countDownload(linked, open);
      await logDownload(context, linked);
      return part(context, { open, range, headers });
    });
}

/** Throws a problem unless there is a recording to link to. */
async function checkKept({ recordingStore, recordings }: RecordingRouteParts, scope: OrgScope, callId: string): Promise<void> {
  const state = await recordingStore.find(scope, callId);
  switch (state.kind) {
    case 'no_call':
      throw notFound('call');
    case 'call_is_up':
      throw new ProblemError('conflict', 'the call is still up: its recording is there when it is over');
    case 'none':
      throw notFound('recording');
    case 'kept':
      if (((await recordings?.measure(state.path)) ?? null) === null) throw notFound('recording');
  }
}

type Part = { readonly open: OpenRecording; readonly range: ByteRange | null; readonly headers: Record<string, string> };

function part(context: Context, { open, range, headers }: Part) {
  const { firstByte, lastByte } = range ?? { firstByte: 0, lastByte: open.bytes - 1 };
  const signal = AbortSignal.any([context.req.raw.signal, AbortSignal.timeout(DOWNLOAD_LIMIT_MS)]);
  const sent = { ...headers, 'content-length': String(lastByte - firstByte + 1) };
  const body = open.read({ firstByte, lastByte }, { signal });
  if (range === null) return context.body(body, 200, sent);
  return context.body(body, 206, { ...sent, 'content-range': `bytes ${firstByte}-${lastByte}/${open.bytes}` });
}

function fileHeaders(callId: string, recording: OpenRecording): Record<string, string> {
  return {
    'content-type': 'audio/wav',
    'accept-ranges': 'bytes',
    etag: entityTag(recording),
    'last-modified': recording.modifiedAt.toUTCString(),
    // The id of a call has letters, digits and an underscore.
    'content-disposition': `attachment; filename="${callId}.wav"`,
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  };
}

function unsatisfiable(bytes: number): ProblemError {
  const headers = { 'content-range': `bytes */${bytes}`, 'cache-control': 'private, no-store' };
  return new ProblemError('range_not_satisfiable', `the recording has ${bytes} bytes`, { headers });
}

function tooManyDownloads(): ProblemError {
  const detail = `the organization has ${MAX_DOWNLOADS} downloads under way`;
  return new ProblemError('rate_limited', detail, { headers: { 'retry-after': String(RETRY_AFTER_S) } });
}

const callIdParams = z.object({ callId: z.string().max(100) });
const wav = { 'audio/wav': { schema: z.string().openapi({ format: 'binary' }) } };

function urlRoute(guards: Guards) {
  return orgRoute(
    guards,
    // The link is a key for minutes: it is never kept for a repeated request.
    { scope: 'recordings:read', idempotent: false },
    {
      method: 'post',
      path: '/calls/{callId}/recording-url',
      tags: ['Recordings'],
      summary: "A link to the call's recording, good for five minutes without a token",
      request: { params: callIdParams },
      responses: {
        200: json('The link', z.object({ url: z.url(), expiresAt: z.iso.datetime() }).openapi('RecordingUrl')),
      },
    },
  );
}

const downloadRoute = signedRoute({
  method: 'get',
  path: '/recordings/{callId}',
  tags: ['Recordings'],
  summary: 'The recording behind a link, as stereo WAV: the caller on the left, the agent on the right',
  request: {
    params: callIdParams,
    query: z.strictObject({
      organization: z.string().max(100),
      expires: z.string().max(20),
      id: z.string().max(200),
      version: z.string().max(10),
      signature: z.string().max(200),
    }),
    headers: z.object({
      range: z.string().max(200).optional().openapi({ description: 'One part, such as bytes=0-65535', example: 'bytes=0-65535' }),
      'if-range': z.string().max(200).optional(),
    }),
  },
  responses: {
    200: { description: 'The whole recording', content: wav },
    206: { description: 'The part asked for', content: wav },
  },
});
