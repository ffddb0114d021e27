import { expect, it } from 'vitest';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { listCalls } from './call-listing.ts';
import type { CallStore } from './call-store.ts';

const scope = mintApplianceScope();
const query = { sort: '-startedAt', limit: 1, after: null } as const;
const canceled = new Error('Failed query', {
  cause: Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' }),
});

function failing(error: Error): CallStore {
  const fail = () => Promise.reject(error);
  return { list: fail, find: fail, findSummary: fail, outline: fail };
}

it('a search that takes too long says how to ask for less', async () => {
  await expect(listCalls(failing(canceled), scope, { ...query, search: 'cita' })).rejects.toMatchObject({
    problemCode: 'unavailable',
    fields: [{ path: 'search' }],
    cause: canceled,
  });
});

it('what fails otherwise stays the fault that it is', async () => {
  const away = new Error('connection lost');
  await expect(listCalls(failing(canceled), scope, query)).rejects.toBe(canceled);
  await expect(listCalls(failing(away), scope, { ...query, search: 'cita' })).rejects.toBe(away);
});
