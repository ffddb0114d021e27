import { expect, it } from 'vitest';
import { createApp } from '#http/app.ts';
import type { Guards } from '#http/route.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallRoutes } from './call-routes.ts';
import type { CallStore, CallSummary } from './call-store.ts';

const scope = mintOrgScope(newId('organization'));
const guards: Guards = {
  admin: () => Promise.reject(new Error('nobody asks as the admin')),
  organization: () => async (context, next) => {
    context.set('scope', scope);
    context.set('actor', { kind: 'token', name: 'token', address: null, requestId: null });
    await next();
  },
};

it('a call that is over is told from one that there never was by its row, without a look at what was said', async () => {
  const over = newId('call');
  const summary = { callId: over, endedAt: new Date('2026-05-04T10:00:00Z'), outcome: 'caller_hung_up' } as CallSummary;
  const words = () => Promise.reject(new Error('the turns were read'));
  const calls: CallStore = {
    list: words,
    find: words,
    outline: words,
    findSummary: async (_scope, callId) => (callId === over ? summary : null),
  };
  const routes = createCallRoutes({
    calls,
    callAccess: { noteHangUp: words } as never,
    board: { find: () => null, list: () => [] } as never,
    engine: { hangUp: () => false },
    guards,
    clock: systemClock,
  });
  const app = createApp({ log: silentLog, clock: systemClock }).route('/', routes);
  const hangUp = async (callId: string) => {
    const response = await app.request(`/calls/${callId}/hang-up`, { method: 'POST' });
    return { status: response.status, body: await response.json() };
  };
  expect(await hangUp(over)).toMatchObject({
    status: 409,
    body: { detail: 'the call is over since 2026-05-04T10:00:00.000Z (caller_hung_up)' },
  });
  expect(await hangUp(newId('call'))).toMatchObject({ status: 404 });
});
