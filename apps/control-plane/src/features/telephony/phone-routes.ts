// Phones over HTTP: the admin gives them to organizations, an organization sees and renames its own.
import { createRoutes } from '#http/app.ts';
import { fromCursor, readScopeOf, toPage } from '#http/page.ts';
import { conflict, deletionPending, notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import { isId } from '#shared/id.ts';
import type { DirectorySync } from './directory-sync.ts';
import { declarePhoneAdminRoutes, declarePhoneClientRoutes } from './phone-route-declarations.ts';
import type { PhoneCreation, PhoneEditor, PhoneStore, PhoneSummary, PhoneWithPassword } from './phone-store.ts';
import { phoneBody, phonePositionSchema } from './telephony-schemas.ts';

/** What the routes work with. */
export type PhoneRouteParts = { readonly phones: PhoneStore; readonly directorySync: DirectorySync; readonly guards: Guards };

/** An answer with a password is kept by nobody on the way. */
const SECRET = { 'cache-control': 'no-store' };

export function createPhoneRoutes(parts: PhoneRouteParts) {
  return createRoutes().route('/', createAdminRoutes(parts)).route('/', createClientRoutes(parts));
}

function createAdminRoutes({ phones, directorySync, guards }: PhoneRouteParts) {
  const routes = declarePhoneAdminRoutes(guards);
  const onOwner = async (scope: ApplianceScope, phoneId: string) => {
    const owner = isId('phone', phoneId) ? await phones.findOwner(scope, phoneId) : null;
    if (owner === null) throw notFound('phone');
    return onOrganization(scope, owner);
  };
  const push = ({ username }: PhoneSummary) => directorySync.push({ kind: 'phone', name: username });
  const withPassword = async ({ phone, password }: PhoneWithPassword) => ({ ...phoneBody(phone, await push(phone)), password });
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor, organizationId } = context.req.valid('query');
      const scope = readScopeOf(context.get('applianceScope'), organizationId);
      const after = fromCursor(phonePositionSchema, cursor)?.username ?? null;
      return context.json(pageBody(await phones.list(scope, { limit: limit + 1, after }), limit), 200);
    })
    .openapi(routes.create, async (context) => {
      const { organizationId } = context.req.valid('param');
      if (!isId('organization', organizationId)) throw notFound('organization');
      const by = { scope: onOrganization(context.get('applianceScope'), organizationId), actor: context.get('actor') };
      const created = createdPhone(await phones.create(by, context.req.valid('json')));
      return context.json(await withPassword(created), 201, SECRET);
    })
    .openapi(routes.get, async (context) => {
      const { phoneId } = context.req.valid('param');
      const phone = isId('phone', phoneId) ? await phones.find(context.get('applianceScope'), phoneId) : null;
      if (!phone) throw notFound('phone');
      return context.json(phoneBody(phone), 200);
    })
    .openapi(routes.change, async (context) => {
      const { phoneId } = context.req.valid('param');
      const by = { scope: await onOwner(context.get('applianceScope'), phoneId), actor: context.get('actor') };
      const phone = await renamed(phones, by, { phoneId, ...context.req.valid('json') });
      return context.json(phoneBody(phone, await push(phone)), 200);
    })
    .openapi(routes.resetPassword, async (context) => {
      const { phoneId } = context.req.valid('param');
      const by = { scope: await onOwner(context.get('applianceScope'), phoneId), actor: context.get('actor') };
      const reset = await phones.resetPassword(by, phoneId);
      if (!reset) throw notFound('phone');
      return context.json(await withPassword(reset), 200, SECRET);
    })
    .openapi(routes.remove, async (context) => {
      const { phoneId } = context.req.valid('param');
      const by = { scope: await onOwner(context.get('applianceScope'), phoneId), actor: context.get('actor') };
      const removed = await phones.remove(by, phoneId);
      if (!removed) throw notFound('phone');
      return context.json({ telephony: await push(removed) }, 200);
    });
}

function createClientRoutes({ phones, directorySync, guards }: PhoneRouteParts) {
  const routes = declarePhoneClientRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(phonePositionSchema, cursor)?.username ?? null;
      return context.json(pageBody(await phones.list(context.get('scope'), { limit: limit + 1, after }), limit), 200);
    })
    .openapi(routes.get, async (context) => {
      const { phoneId } = context.req.valid('param');
      const phone = isId('phone', phoneId) ? await phones.find(context.get('scope'), phoneId) : null;
      if (!phone) throw notFound('phone');
      return context.json(phoneBody(phone), 200);
    })
    .openapi(routes.change, async (context) => {
      const { phoneId } = context.req.valid('param');
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const phone = await renamed(phones, by, { phoneId, ...context.req.valid('json') });
      return context.json(phoneBody(phone, await directorySync.push({ kind: 'phone', name: phone.username })), 200);
    });
}

async function renamed(phones: PhoneStore, by: PhoneEditor, { phoneId, displayName }: { phoneId: string; displayName: string }) {
  const phone = isId('phone', phoneId) ? await phones.rename(by, phoneId, displayName) : null;
  if (!phone) throw notFound('phone');
  return phone;
}

function createdPhone(outcome: PhoneCreation): PhoneWithPassword {
  switch (outcome.kind) {
    case 'created':
      return outcome;
    case 'organization_not_found':
      throw notFound('organization');
    case 'deletion_pending':
      throw deletionPending();
    case 'taken':
      throw conflict('extension', 'the organization has a phone with this extension; choose another one');
  }
}

/** A page from rows that were read with `limit + 1`. */
function pageBody(rows: readonly PhoneSummary[], limit: number) {
  const { page, nextCursor } = toPage(rows, limit, ({ username }) => ({ username }));
  return { phones: page.map((phone) => phoneBody(phone)), nextCursor };
}
