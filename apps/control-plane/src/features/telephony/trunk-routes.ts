// Trunks over HTTP, and whether the telephone system is in step: the admin's alone.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { conflict, notFound, unprocessable } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { givenFields } from '#shared/given-fields.ts';
import type { DirectoryStore } from './directory-store.ts';
import type { DirectorySync, Reconciliation } from './directory-sync.ts';
import {
  newTrunkSchema,
  reconciliationSchema,
  removedSchema,
  telephonySchema,
  trunkBody,
  trunkChangesSchema,
  trunkPageSchema,
  trunkParams,
  trunkPositionSchema,
  trunkSchema,
} from './telephony-schemas.ts';
import type { TrunkChange, TrunkStore, TrunkSummary } from './trunk-store.ts';

/** What the routes work with. */
export type TrunkRouteParts = {
  readonly trunks: TrunkStore;
  readonly directoryEntries: DirectoryStore;
  readonly directorySync: DirectorySync;
  readonly guards: Guards;
};

/** Entries out of step that one answer names: with more than that something else is wrong. */
const MAX_OUT_OF_STEP = 100;

export function createTrunkRoutes(parts: TrunkRouteParts) {
  return createRoutes().route('/', createTrunks(parts)).route('/', createTelephony(parts));
}

function createTrunks({ trunks, directorySync, guards }: TrunkRouteParts) {
  const routes = declareTrunkRoutes(guards);
  const push = ({ name }: TrunkSummary) => directorySync.push({ kind: 'trunk', name });
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(trunkPositionSchema, cursor)?.name ?? null;
      const rows = await trunks.list(context.get('applianceScope'), { limit: limit + 1, after });
      const { page, nextCursor } = toPage(rows, limit, ({ name }) => ({ name }));
      return context.json({ trunks: page.map((row) => trunkBody(row)), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => {
      const by = { scope: context.get('applianceScope'), actor: context.get('actor') };
      const outcome = await trunks.create(by, context.req.valid('json'));
      if (outcome.kind === 'taken') throw conflict('name', 'there is a trunk with this name; choose another one');
      const trunk = changedTrunk(outcome);
      return context.json(trunkBody(trunk, await push(trunk)), 201);
    })
    .openapi(routes.get, async (context) => {
      const trunk = await trunks.find(context.get('applianceScope'), context.req.valid('param').trunkId);
      if (!trunk) throw notFound('trunk');
      return context.json(trunkBody(trunk), 200);
    })
    .openapi(routes.change, async (context) => {
      const by = { scope: context.get('applianceScope'), actor: context.get('actor') };
      const trunk = changedTrunk(await trunks.update(by, context.req.valid('param').trunkId, givenFields(context.req.valid('json'))));
      return context.json(trunkBody(trunk, await push(trunk)), 200);
    })
    .openapi(routes.remove, async (context) => {
      const by = { scope: context.get('applianceScope'), actor: context.get('actor') };
      const removed = await trunks.remove(by, context.req.valid('param').trunkId);
      if (!removed) throw notFound('trunk');
      return context.json({ telephony: await push(removed) }, 200);
    });
}

function createTelephony({ directoryEntries, directorySync, guards }: TrunkRouteParts) {
  const routes = declareTelephonyRoutes(guards);
  return createRoutes()
    .openapi(routes.show, async (context) => {
      const last = directorySync.last();
      const behind = await directoryEntries.listOutOfStep(context.get('applianceScope'), MAX_OUT_OF_STEP);
      const outOfStep = behind.flatMap(({ key, state, reason }) => (state === 'applied' ? [] : [{ ...key, state, reason }]));
      return context.json({ reconciliation: last && reconciliationBody(last), outOfStep }, 200);
    })
    .openapi(routes.reconcile, async (context) => {
      await directoryEntries.noteRequest({ scope: context.get('applianceScope'), actor: context.get('actor') });
      return context.json(reconciliationBody(await directorySync.reconcile()), 200);
    });
}

function changedTrunk(outcome: TrunkChange): TrunkSummary {
  switch (outcome.kind) {
    case 'changed':
      return outcome.trunk;
    case 'not_found':
      throw notFound('trunk');
    case 'inconsistent':
      throw unprocessable(outcome.problem.path, outcome.problem.message);
  }
}

function reconciliationBody({ at, pushed, removed, failed, ...rest }: Reconciliation) {
  const named = failed.map(({ key, reason }) => ({ ...key, reason }));
  return { ...rest, pushed: [...pushed], removed: [...removed], failed: named, at: at.toISOString() };
}

function declareTelephonyRoutes(guards: Guards) {
  const tags = ['Telephony'];
  return {
    show: adminRoute(guards, {
      method: 'get',
      path: '/admin/telephony',
      tags,
      summary: 'Whether the telephone system has every phone and trunk as the database says',
      responses: { 200: json('The last comparison, and what is out of step now', telephonySchema) },
    }),
    reconcile: adminRoute(guards, {
      method: 'post',
      path: '/admin/telephony/reconcile',
      tags,
      summary: 'Compare everything now, and put right what differs',
      responses: { 200: json('What was found and done', reconciliationSchema) },
    }),
  };
}

function declareTrunkRoutes(guards: Guards) {
  const tags = ['Trunks'];
  const one = { path: '/admin/trunks/{trunkId}', tags } as const;
  const description = 'The telephone system is told at once, without a restart; `telephony` says whether it took it.';
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: '/admin/trunks',
      tags,
      summary: 'Trunks, by name',
      request: { query: pageQuerySchema },
      responses: { 200: json('A page', trunkPageSchema) },
    }),
    create: adminRoute(guards, {
      method: 'post',
      path: '/admin/trunks',
      tags,
      summary: 'Connect a carrier',
      description,
      request: { body: jsonBody(newTrunkSchema) },
      responses: { 201: json('The trunk', trunkSchema) },
    }),
    get: adminRoute(guards, {
      ...one,
      method: 'get',
      summary: 'One trunk',
      request: { params: trunkParams },
      responses: { 200: json('The trunk', trunkSchema) },
    }),
    change: adminRoute(guards, {
      ...one,
      method: 'patch',
      summary: 'Change a trunk; its name stays',
      description,
      request: { params: trunkParams, body: jsonBody(trunkChangesSchema) },
      responses: { 200: json('The trunk', trunkSchema) },
    }),
    remove: adminRoute(guards, {
      ...one,
      method: 'delete',
      summary: 'Disconnect a carrier; its calls are refused then',
      description,
      request: { params: trunkParams },
      responses: { 200: json('It is gone', removedSchema) },
    }),
  };
}
