// The link to a recording: it carries who may have what until when, under a signature of ours, so that a browser or a player needs no token.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiTokenId, CallId, OrganizationId } from '#shared/id.ts';
import { isId } from '#shared/id.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { hmacHex } from '#shared/secret-keys.ts';

/** Life of a link: long enough to open a player, short enough that a link in a log is dead when it is read. */
export const RECORDING_URL_LIFE_MS = 300_000;

/** What a link allows: one method, one recording, one organization, until then; asked for with that token. */
export type RecordingGrant = {
  readonly callId: CallId;
  readonly organizationId: OrganizationId;
  readonly tokenId: ApiTokenId;
  /** Unlike any other link's; names it in the audit log. */
  readonly nonce: string;
  readonly expiresAt: Date;
};

/** A link as it came in, before anything of it is believed. `method` is the request's. */
export type PresentedLink = {
  readonly method: string;
  readonly callId: string;
  readonly organization: string;
  readonly expires: string;
  readonly id: string;
  readonly version: string;
  readonly signature: string;
};

/** A grant from now on. Its end is a whole second, as links say it. */
export function newRecordingGrant(of: Pick<RecordingGrant, 'callId' | 'organizationId' | 'tokenId'>, now: Date): RecordingGrant {
  const expiresAt = new Date(Math.floor((now.getTime() + RECORDING_URL_LIFE_MS) / 1_000) * 1_000);
  return { ...of, nonce: randomBytes(16).toString('hex'), expiresAt };
}

/** The link below `origin`, such as `https://centralita.example.com`. */
export function recordingUrl(keys: SecretKeys, origin: string, grant: RecordingGrant): string {
  const version = keys.currentVersion;
  const { callId, organizationId, expiresAt } = grant;
  const fields = {
    callId,
    organization: organizationId,
    expires: String(expiresAt.getTime() / 1_000),
    id: `${grant.tokenId}.${grant.nonce}`,
  };
  const url = new URL(`/recordings/${callId}`, origin);
  url.searchParams.set('organization', fields.organization);
  url.searchParams.set('expires', fields.expires);
  url.searchParams.set('id', fields.id);
  url.searchParams.set('version', String(version));
  url.searchParams.set('signature', hmacHex(keys.key('recording-url', version), signedText(fields)));
  return url.href;
}

/** What a link allows now; null for one that is forged, changed, for another method, or expired: nobody is told which. */
export function verifyRecordingLink(keys: SecretKeys, link: PresentedLink, now: Date): RecordingGrant | null {
  // HEAD is GET without the body.
  if (link.method !== 'GET' && link.method !== 'HEAD') return null;
  const version = /^[1-9][0-9]{0,4}$/.test(link.version) ? Number(link.version) : 0;
  if (!keys.versions.includes(version) || !/^[0-9a-f]{64}$/.test(link.signature)) return null;
  const expected = hmacHex(keys.key('recording-url', version), signedText(link));
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(link.signature))) return null;
  const [tokenId = '', nonce = ''] = link.id.split('.');
  const { callId, organization } = link;
  // Behind the signature: only a fault of ours could bring anything else.
  if (!isId('call', callId) || !isId('organization', organization) || !isId('apiToken', tokenId)) return null;
  const expiresAt = new Date(Number(link.expires) * 1_000);
  return expiresAt > now ? { callId, organizationId: organization, tokenId, nonce, expiresAt } : null;
}

/** JSON: no value can spill into its neighbour. */
function signedText({ callId, organization, expires, id }: Pick<PresentedLink, 'callId' | 'organization' | 'expires' | 'id'>): string {
  return JSON.stringify(['recording', 'GET', callId, organization, expires, id]);
}
