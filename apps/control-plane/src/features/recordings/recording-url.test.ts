import { expect, it } from 'vitest';
import { newId } from '#shared/id.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import type { PresentedLink } from './recording-url.ts';
import { newRecordingGrant, RECORDING_URL_LIFE_MS, recordingUrl, verifyRecordingLink } from './recording-url.ts';

const now = new Date('2026-11-21T10:00:00.400Z');
const later = (ms: number) => new Date(now.getTime() + ms);
const keys = openSecretKeys({ 1: '1a'.repeat(32), 2: '2b'.repeat(32) });
const of = { callId: newId('call'), organizationId: newId('organization'), tokenId: newId('apiToken') };
const grant = newRecordingGrant(of, now);

/** The link as the server finds it in a request. */
function linkOf(url: string): PresentedLink {
  const { pathname, searchParams } = new URL(url);
  const field = (name: string) => searchParams.get(name) ?? '';
  return {
    method: 'GET',
    callId: pathname.split('/').at(-1) ?? '',
    organization: field('organization'),
    expires: field('expires'),
    id: field('id'),
    version: field('version'),
    signature: field('signature'),
  };
}
const link = linkOf(recordingUrl(keys, 'https://centralita.example.com', grant));

it('a link stands for what it was made for, until it ends', () => {
  expect(verifyRecordingLink(keys, link, now)).toEqual(grant);
  expect(verifyRecordingLink(keys, { ...link, method: 'HEAD' }, now)).toEqual(grant);
  expect(verifyRecordingLink(keys, link, later(RECORDING_URL_LIFE_MS - 1_000))).toEqual(grant);
  expect(grant.expiresAt.getTime() - now.getTime()).toBeLessThanOrEqual(300_000);
});

it('a link made under an older key is good as long as that key is kept', () => {
  const older = openSecretKeys({ 1: '1a'.repeat(32) });
  const old = linkOf(recordingUrl(older, 'http://127.0.0.1:8080', grant));
  expect(verifyRecordingLink(keys, old, now)).toEqual(grant);
  expect(verifyRecordingLink(openSecretKeys({ 2: '2b'.repeat(32) }), old, now)).toBeNull();
});

const other = { callId: newId('call'), organizationId: newId('organization'), tokenId: newId('apiToken') };
const foreignKeys = openSecretKeys({ 2: '3c'.repeat(32) });
const forgeries: [string, Partial<PresentedLink>][] = [
  ['another method', { method: 'POST' }],
  ['a method of another case', { method: 'get' }],
  ['another call', { callId: other.callId }],
  ['another organization', { organization: other.organizationId }],
  ['a later end', { expires: String(Number(link.expires) + 60) }],
  ['an end written otherwise', { expires: `0${link.expires}` }],
  ['an end that is no number', { expires: 'NaN' }],
  ['another token', { id: link.id.replace(of.tokenId, other.tokenId) }],
  ['another nonce', { id: `${of.tokenId}.${'0'.repeat(32)}` }],
  ['a field moved into its neighbour', { organization: `${link.organization}","${link.expires}`, expires: '' }],
  ['another version', { version: '1' }],
  ['a version that there is no key of', { version: '9' }],
  ['a version that is none', { version: '2.0' }],
  ['a name of an object as version', { version: '__proto__' }],
  ['no signature', { signature: '' }],
  ['half a signature', { signature: link.signature.slice(0, 32) }],
  ['a signature of zeros', { signature: '0'.repeat(64) }],
  ['a signature in capitals', { signature: link.signature.toUpperCase() }],
  ['a signature with more behind it', { signature: `${link.signature}00` }],
  ['a signature of somebody else', { signature: linkOf(recordingUrl(foreignKeys, 'http://x', grant)).signature }],
];

it.each(forgeries)('a link with %s opens nothing', (_what, change) => {
  expect({ ...link, ...change }).not.toEqual(link);
  expect(verifyRecordingLink(keys, { ...link, ...change }, now)).toBeNull();
});

it.each([0, 1, 60_000, 86_400_000])('a link is dead %i ms after its end', (ms) => {
  expect(verifyRecordingLink(keys, link, new Date(grant.expiresAt.getTime() + ms))).toBeNull();
});

it('no two links are the same', () => {
  expect(newRecordingGrant(of, now).nonce).not.toBe(newRecordingGrant(of, now).nonce);
});
