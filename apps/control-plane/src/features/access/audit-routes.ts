// The admin's look at the audit log: a chain's entries, and whether every chain is as it was written.
import { z } from '@hono/zod-openapi';
import { APPLIANCE_CHAIN } from '#db/schema/audit.ts';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toCursor, toPage } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { AuditReader } from './audit-reader-store.ts';
import type { AuditRow } from './audit-store.ts';
import type { AuditCheck } from './audit-check-store.ts';

const entrySchema = z
  .object({
    chain: z.string(),
    seq: z.int(),
    at: z.iso.datetime(),
    actor: z.object({ kind: z.enum(['token', 'admin', 'job', 'command']), name: z.string(), address: z.string().nullable() }),
    requestId: z.string().nullable(),
    action: z.string(),
    resource: z.string(),
    details: z.record(z.string(), z.unknown()),
    hash: z.string(),
  })
  .openapi('AuditEntry');

const reportSchema = z
  .object({
    intact: z.boolean().openapi({ description: 'Whether nothing is wrong with what this answer covers; see `nextCursor`' }),
    unreadableAnchorLines: z.array(z.int()).openapi({ description: "Lines of the anchors' file that are no anchor" }),
    chains: z.array(
      z.object({
        chain: z.string(),
        intact: z.boolean(),
        entries: z.int().openapi({ description: 'Entries that this answer covers' }),
        faults: z.array(
          z.object({
            kind: z.enum(['edited', 'missing', 'misplaced', 'cut', 'head', 'rolled_back', 'anchor']),
            seq: z.int(),
            message: z.string(),
          }),
        ),
      }),
    ),
    nextCursor: z
      .string()
      .nullable()
      .openapi({ description: 'A long log is checked in parts: the next one, or null when everything was checked' }),
  })
  .openapi('AuditReport');

const chain = z.string().max(100).openapi({ description: "An organization's id, or `appliance` for what concerns no single organization" });
const positionSchema = z.strictObject({ seq: z.int().min(1) });
const checkedSchema = z.strictObject({ chain: z.string().max(100), seq: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });
const tags = ['Audit'];

export type AuditRouteParts = { readonly auditReader: AuditReader; readonly auditCheck: AuditCheck; readonly guards: Guards };

export function createAuditRoutes({ auditReader, auditCheck, guards }: AuditRouteParts) {
  const list = adminRoute(guards, {
    method: 'get',
    path: '/admin/audit',
    tags,
    summary: 'Entries of one chain, newest first; without a chain those of the appliance',
    request: { query: pageQuerySchema.extend({ chain: chain.default(APPLIANCE_CHAIN) }) },
    responses: { 200: json('A page', z.object({ entries: z.array(entrySchema), nextCursor: z.string().nullable() })) },
  });
  const verify = adminRoute(guards, {
    method: 'get',
    path: '/admin/audit/verify',
    tags,
    summary: 'Whether a chain is as it was written; without a chain all of them; 10,000 entries at a time',
    request: { query: z.strictObject({ chain: chain.optional(), cursor: pageQuerySchema.shape.cursor }) },
    responses: { 200: json('What was found', reportSchema) },
  });
  return createRoutes()
    .openapi(list, async (context) => {
      const { limit, cursor, chain: wanted } = context.req.valid('query');
      const before = fromCursor(positionSchema, cursor)?.seq ?? null;
      const rows = await auditReader.list(context.get('applianceScope'), checkedChain(wanted), { limit: limit + 1, before });
      const { page, nextCursor } = toPage(rows, limit, ({ seq }) => ({ seq }));
      return context.json({ entries: page.map(entryBody), nextCursor }, 200);
    })
    .openapi(verify, async (context) => {
      const { chain: wanted, cursor } = context.req.valid('query');
      const ofChain = wanted === undefined ? null : checkedChain(wanted);
      const from = fromCursor(ofChain === null ? checkedSchema : checkedSchema.extend({ chain: z.literal(ofChain) }), cursor);
      const report = await auditCheck.verify(context.get('applianceScope'), { chain: ofChain, from });
      const chains = report.chains.map((found) => ({ ...found, faults: [...found.faults], intact: found.faults.length === 0 }));
      const unreadableAnchorLines = [...report.unreadableAnchorLines];
      const intact = unreadableAnchorLines.length === 0 && chains.every((found) => found.intact);
      const nextCursor = report.next && toCursor(report.next);
      return context.json({ intact, unreadableAnchorLines, chains, nextCursor }, 200);
    });
}

/** A chain outlives its organization, so that its id alone says whether there can be one. */
function checkedChain(text: string): string {
  if (text !== APPLIANCE_CHAIN && !isId('organization', text)) throw notFound('chain');
  return text;
}

function entryBody({ orgId, seq, at, actorKind, actorName, address, requestId, action, resource, details, hash }: AuditRow) {
  const actor = { kind: actorKind, name: actorName, address };
  return { chain: orgId, seq, at: at.toISOString(), actor, requestId, action, resource, details, hash };
}
