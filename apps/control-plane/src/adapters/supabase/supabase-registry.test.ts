// The adapter of the registry against a real HTTP server on loopback: what it sends, what it makes of each answer, whose token it takes.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegistryToken } from './registry-token.ts';
import { openSupabaseRegistry } from './supabase-registry.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: object) => `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`;
const row = { key: 'org_1', version: 7, isDeleted: false, fields: { name: 'Clinic', active: true, addresses: [] } };

describe('the registry in Supabase', () => {
  let folder = '';
  let tokenFile = '';
  let url = '';
  let answer = (response: ServerResponse): void => void response.end();
  const seen: { url: string; method: string; headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ url: decodeURIComponent(request.url ?? ''), method: request.method ?? '', headers: request.headers, body });
      answer(response);
    });
  });
  const signal = new AbortController().signal;
  const open = () => openSupabaseRegistry({ url, publishableKey: 'sb_publishable_x', tokenFile, requestLimitMs: 3_000 });
  const answering = (status: number, text: string, headers: Record<string, string> = {}) => {
    answer = (response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'supabase-'));
    tokenFile = join(folder, 'token');
    await writeFile(tokenFile, tokenOf({ server_id: 'mad-1', fleet_id: 'north' }));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('is sent rows with whose they are, under both keys, and says which versions it has', async () => {
    answering(201, '[{"organization_id":"org_1","version":9}]');
    const registry = await open();
    expect(await registry.push('organization_servers', [row], { signal })).toEqual({ kind: 'stored', versions: new Map([['org_1', 9]]) });
    const [sent] = seen.splice(0);
    expect(sent).toMatchObject({
      method: 'POST',
      headers: { apikey: 'sb_publishable_x', prefer: 'resolution=merge-duplicates, return=representation' },
    });
    expect(sent?.headers['authorization']).toMatch(/^Bearer eyJ/);
    expect(sent?.url).toMatch(
      /^\/rest\/v1\/organization_servers\?on_conflict=server_id,organization_id&columns=.*&select=organization_id,version$/,
    );
    expect(JSON.parse(sent?.body ?? '')).toEqual([
      {
        server_id: 'mad-1',
        organization_id: 'org_1',
        fleet_id: 'north',
        version: 7,
        deleted: false,
        name: 'Clinic',
        active: true,
        addresses: [],
      },
    ]);
  });

  it('makes tombstones of what is older, and asks for what changed after a position', async () => {
    const registry = await open();
    answering(204, '', { 'content-range': '*/3' });
    expect(await registry.retire('server_agents', 40, { signal })).toEqual({ kind: 'retired', rows: 3 });
    answering(200, '[{"kind":"agent"}]');
    expect(await registry.changes({ after: '5-6', limit: 10 }, { signal })).toEqual({ kind: 'rows', rows: [{ kind: 'agent' }] });
    const [retired, asked] = seen.splice(0);
    expect(retired).toMatchObject({ method: 'PATCH', url: '/rest/v1/server_agents?server_id=eq.mad-1&deleted=eq.false&version=lt.40' });
    expect(asked?.url).toMatch(/^\/rest\/v1\/registry_feed\?select=.*&position=gt.5-6&order=position.asc&limit=10$/);
  });

  it.each([
    [401, 'refused'],
    [403, 'refused'],
    [400, 'invalid'],
    [404, 'invalid'],
    [408, 'unavailable'],
    [409, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('says of the status %i that it is %s, with the reason', async (status, kind) => {
    answering(status, '{"code":"X","message":"because"}');
    const registry = await open();
    expect(await registry.push('servers', [{ ...row, fields: {} }], { signal })).toEqual({ kind, reason: `${status}: because` });
  });

  it.each([
    ['no JSON', '<html>'],
    ['no list', '{"version":1}'],
    ['a version that nobody counted', '[{"organization_id":"org_1","version":1e300}]'],
  ])('does not believe an answer that is %s', async (_what, text) => {
    answering(201, text);
    expect(await (await open()).push('organization_servers', [row], { signal })).toMatchObject({ kind: 'unavailable' });
  });

  it('follows no redirect, which would carry the token elsewhere, and reads no more than 16 MiB', async () => {
    seen.splice(0);
    answering(302, '', { location: `${url}/elsewhere` });
    const registry = await open();
    expect(await registry.changes({ after: '', limit: 1 }, { signal })).toMatchObject({ kind: 'unavailable' });
    expect(seen.map((request) => request.url).filter((path) => path.includes('elsewhere'))).toEqual([]);
    answering(200, `["${'x'.repeat(17 * 1024 * 1024)}"]`);
    expect(await registry.changes({ after: '', limit: 1 }, { signal })).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('16777216'),
    });
  });

  it('gives up after its limit, and at once when nobody waits any more', async () => {
    answer = () => {};
    const registry = await openSupabaseRegistry({ url, publishableKey: 'k', tokenFile, requestLimitMs: 50 });
    expect(await registry.heartbeats({ limit: 1 }, { signal })).toMatchObject({ kind: 'unavailable' });
    expect(await (await open()).heartbeats({ limit: 1 }, { signal: AbortSignal.abort() })).toMatchObject({ kind: 'unavailable' });
  });

  it('does not start with what is no token of a server, and never quotes it', async () => {
    const path = join(folder, 'other');
    for (const text of ['nothing', 'sb_secret_abc', tokenOf({ role: 'service_role' }), tokenOf({ server_id: 'a b', fleet_id: 'north' })]) {
      await writeFile(path, text);
      const reason = await readRegistryToken(path).then(
        () => '',
        (error: Error) => error.message,
      );
      expect(reason).toContain('must hold a JWT with the claims server_id and fleet_id');
      expect(reason).not.toContain(text);
    }
    await expect(readRegistryToken(join(folder, 'none'))).rejects.toThrow('SUPABASE_TOKEN_FILE');
  });

  it("goes on with a token that was replaced, and refuses one that is another server's", async () => {
    answering(200, '[]');
    const registry = await open();
    await writeFile(tokenFile, tokenOf({ server_id: 'mad-1', fleet_id: 'north', exp: 4_000_000_000 }));
    expect(await registry.heartbeats({ limit: 1 }, { signal })).toEqual({ kind: 'rows', rows: [] });
    expect(registry.identity.expiresAt).toEqual(new Date(4_000_000_000_000));
    await writeFile(tokenFile, tokenOf({ server_id: 'bcn-1', fleet_id: 'north' }));
    expect(await registry.heartbeats({ limit: 1 }, { signal })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining("another server's"),
    });
    await writeFile(tokenFile, tokenOf({ server_id: 'mad-1', fleet_id: 'north' }));
  });
});
