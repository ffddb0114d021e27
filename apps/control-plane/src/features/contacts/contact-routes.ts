// An organization's contacts: who called, whether they may be remembered and what is; consent and erasure.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { ContactDetails, ContactStore, ContactSummary } from './contact-store.ts';

/** What the routes work with, and who may. */
export type ContactRouteParts = { readonly contacts: ContactStore; readonly guards: Guards };

const instant = z.iso.datetime();
const contactFields = {
  contactId: z.string(),
  number: z.string(),
  consent: z.enum(['unknown', 'granted', 'refused']),
  consentAt: instant.nullable(),
  consentSource: z.string().nullable().openapi({ description: "A call's or chat's id, or the token that said it" }),
  createdAt: instant,
  lastSeenAt: instant,
} as const;
const factSchema = z
  .object({
    name: z.string(),
    value: z.union([z.string(), z.number(), z.boolean()]),
    sourceId: z.string().openapi({ description: 'The call or chat that it was said in' }),
    turns: z.array(z.int()).openapi({ description: 'Numbers of the turns that show it' }),
    learnedAt: instant,
  })
  .openapi('ContactFact');
const summarySchema = z.object(contactFields).openapi('ContactSummary');
const contactSchema = z.object({ ...contactFields, facts: z.array(factSchema) }).openapi('Contact');
const pageSchema = z.object({ contacts: z.array(summarySchema), nextCursor: z.string().nullable() });
const positionSchema = z.strictObject({ contactId: z.string().max(100) });
const querySchema = pageQuerySchema.extend({
  number: z
    .string()
    .regex(/^[+]?[0-9]{3,20}$/, 'a number of 3 to 20 digits, with or without a plus sign before it')
    .optional(),
});
const consentSchema = z.strictObject({ consent: z.enum(['granted', 'refused']) }).openapi('ContactConsent');
const tags = ['Contacts'];
const params = z.object({ contactId: z.string().max(100) });

export function createContactRoutes({ contacts, guards }: ContactRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor, number } = context.req.valid('query');
      const after = fromCursor(positionSchema, cursor)?.contactId ?? null;
      const rows = await contacts.list(context.get('scope'), { limit: limit + 1, after, number });
      const { page, nextCursor } = toPage(rows, limit, ({ contactId }) => ({ contactId }));
      return context.json({ contacts: page.map(summaryBody), nextCursor }, 200);
    })
    .openapi(routes.get, async (context) => {
      const { contactId } = context.req.valid('param');
      const contact = isId('contact', contactId) ? await contacts.find(context.get('scope'), contactId) : null;
      if (!contact) throw notFound('contact');
      return context.json(contactBody(contact), 200);
    })
    .openapi(routes.change, async (context) => {
      const { contactId } = context.req.valid('param');
      const { consent } = context.req.valid('json');
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const contact = isId('contact', contactId) ? await contacts.setConsent(by, contactId, consent) : null;
      if (!contact) throw notFound('contact');
      return context.json(contactBody(contact), 200);
    })
    .openapi(routes.remove, async (context) => {
      const { contactId } = context.req.valid('param');
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      if (!isId('contact', contactId) || !(await contacts.remove(by, contactId))) throw notFound('contact');
      return context.body(null, 204);
    });
}

function declareRoutes(guards: Guards) {
  const one = { path: '/contacts/{contactId}', tags } as const;
  const reads = { scope: 'calls:read' } as const;
  const writes = { scope: 'calls:write' } as const;
  return {
    list: orgRoute(guards, reads, {
      method: 'get',
      path: '/contacts',
      tags,
      summary: 'Whoever called and showed a number, from the first on',
      request: { query: querySchema },
      responses: { 200: json('A page', pageSchema) },
    }),
    get: orgRoute(guards, reads, {
      ...one,
      method: 'get',
      summary: 'One contact with what is remembered',
      request: { params },
      responses: { 200: json('The contact', contactSchema) },
    }),
    change: orgRoute(guards, writes, {
      ...one,
      method: 'patch',
      summary: 'Write down whether a contact may be remembered',
      description: 'Facts are kept only from a granted consent on. A refusal forgets every fact at once.',
      request: { params, body: jsonBody(consentSchema) },
      responses: { 200: json('The contact', contactSchema) },
    }),
    remove: orgRoute(guards, writes, {
      ...one,
      method: 'delete',
      summary: 'Erase a contact and everything that is remembered',
      description: 'Calls and what was said in them are kept as the plan says. A later call of the same number makes a new contact.',
      request: { params },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}

function summaryBody(contact: ContactSummary) {
  return {
    ...contact,
    consentAt: contact.consentAt?.toISOString() ?? null,
    createdAt: contact.createdAt.toISOString(),
    lastSeenAt: contact.lastSeenAt.toISOString(),
  };
}

function contactBody({ facts, ...contact }: ContactDetails) {
  return {
    ...summaryBody(contact),
    facts: facts.map(({ turns, learnedAt, ...fact }) => ({ ...fact, turns: [...turns], learnedAt: learnedAt.toISOString() })),
  };
}
