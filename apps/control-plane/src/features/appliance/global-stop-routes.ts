// The kill switch: new calls are refused on all servers, live ones go on, until somebody resumes.
import { z } from '@hono/zod-openapi';
import { stopCauses, stopStates } from '#db/schema/global-stops.ts';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import type { AdminVariables, Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import type { GlobalStop } from './global-stop.ts';
import type { StopState } from './global-stop-store.ts';
import type { StopChange } from './held-stop.ts';

export type GlobalStopRouteParts = { readonly globalStop: GlobalStop; readonly guards: Guards };

const reason = z.string().trim().min(1).max(500);
const stateSchema = z
  .object({
    state: z.enum(stopStates).openapi({ description: '`stopped`: new calls are refused, or sent where their organization chose' }),
    cause: z
      .enum(stopCauses)
      .openapi({ description: '`failures`: calls failed one after the other; `probes`: the models were found well' }),
    reason: z.string(),
    revision: z.int(),
    changedAt: z.iso.datetime(),
    stored: z.boolean().openapi({
      description:
        'False while the database is away: new calls are refused by this server alone, until the database is back and the others are told. A restart before that forgets it',
    }),
  })
  .openapi('GlobalStop');
const changeSchema = stateSchema
  .extend({
    changed: z.boolean().openapi({ description: 'False when it was so already' }),
  })
  .openapi('GlobalStopChange');
const stopSchema = z.strictObject({ reason: reason.openapi({ description: 'For the audit log and the alert' }) }).openapi('NewGlobalStop');
const resumeSchema = z.strictObject({ reason: reason.optional() }).openapi('GlobalStopResumption');
const tags = ['Appliance'];

export function createGlobalStopRoutes({ globalStop, guards }: GlobalStopRouteParts) {
  return createRoutes()
    .openapi(getRoute(guards), async (context) => {
      const state = await globalStop.read();
      return context.json({ ...bodyOf(state), stored: globalStop.isStored() }, 200);
    })
    .openapi(stopRoute(guards), async (context) => {
      const wish = { state: 'stopped', cause: 'admin', ...context.req.valid('json') } as const;
      return context.json(changeOf(await globalStop.change(byOf(context), wish)), 200);
    })
    .openapi(resumeRoute(guards), async (context) => {
      const { reason: given = 'resumed by the admin' } = context.req.valid('json');
      return context.json(changeOf(await globalStop.change(byOf(context), { state: 'running', cause: 'admin', reason: given })), 200);
    });
}

function getRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'get',
    path: '/admin/global-stop',
    tags,
    summary: 'Whether new calls are taken, since when and why',
    responses: { 200: json('The state', stateSchema) },
  });
}

function stopRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'post',
    path: '/admin/global-stop',
    tags,
    summary: 'Stop taking new calls on all servers, within 2 seconds; live ones go on. A restart does not resume',
    request: { body: jsonBody(stopSchema) },
    responses: { 200: json('The state', changeSchema) },
  });
}

function resumeRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'post',
    path: '/admin/global-stop/resume',
    tags,
    summary: 'Take new calls again on all servers',
    request: { body: jsonBody(resumeSchema) },
    responses: { 200: json('The state', changeSchema) },
  });
}

function byOf(context: { get<Key extends keyof AdminVariables>(key: Key): AdminVariables[Key] }) {
  return { scope: context.get('applianceScope'), actor: context.get('actor') };
}

function bodyOf({ state, cause, reason: why, revision, changedAt }: StopState) {
  return { state, cause, reason: why, revision, changedAt: changedAt.toISOString() };
}

function changeOf(change: StopChange) {
  return { ...bodyOf(change), changed: change.changed, stored: change.stored };
}
