// The token with which a server speaks to the registry: made here, read by the control plane.
import { createHmac } from 'node:crypto';
import { identityOf } from '@centralita/control-plane/adapters/supabase/registry-token.ts';
import { describe, expect, it } from 'vitest';
import { makeServerToken } from './server-token.ts';

const secret = 's'.repeat(40);
const claims = { fleet: 'north', server: 'mad-1', generation: 2, issuedAt: new Date('2026-11-21T10:00:00Z'), days: 90 };

describe('the token of a server', () => {
  it('is signed with the secret, and the control plane reads whose it is and until when', () => {
    const token = makeServerToken(claims, secret);
    const [head, payload, signature] = token.split('.');
    expect(createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')).toBe(signature);
    expect(identityOf(token)).toEqual({ serverId: 'mad-1', fleetId: 'north', expiresAt: new Date('2027-02-19T10:00:00Z') });
    expect(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())).toMatchObject({ role: 'authenticated', generation: 2 });
  });

  it.each([
    [{ server: 'mad 1' }, '--server'],
    [{ fleet: '' }, '--fleet'],
    [{ days: 0 }, '--days'],
    [{ generation: Number.NaN }, '--generation'],
  ])('is not made of %j', (change, named) => {
    expect(() => makeServerToken({ ...claims, ...change }, secret)).toThrow(named);
  });

  it('is not made with a secret that can be guessed', () => {
    expect(() => makeServerToken(claims, 'secret')).toThrow('32 characters');
  });
});
