// What the admin's operations on organizations take and give.
import { z } from '@hono/zod-openapi';
import { overloadChoices } from '#db/schema/organizations.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { pageQuerySchema } from '#http/page.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { SLUG_FORM } from './organization-slug.ts';

const name = z.string().trim().min(1).max(200);
const slug = z.string().regex(SLUG_FORM, 'must be 2 to 32 lower-case letters, digits and hyphens, and begin with a letter');
const planId = z.string().min(1).max(32);

const extension = z.string().regex(/^[0-9]{2,8}$/, 'must be an extension of 2 to 8 digits');
const overloadFields = {
  choice: z.enum(overloadChoices).openapi({
    description:
      'What becomes of a call that there is no room for: refused to its network, held with music until there is room, or `destination` is rung',
  }),
  destination: extension
    .nullable()
    .openapi({ description: 'Extension of its own that is rung instead, also when the wait was too long; null: nobody' }),
  maxWaitSeconds: z.int().min(5).max(3_600).openapi({ description: 'The longest that a caller is held' }),
  positionEverySeconds: z.int().min(10).max(600).nullable().openapi({
    description:
      'A caller who is held is told his place among the organization’s callers when he joins the line, and then this often, changed or not, later where many wait; null: never, he hears music alone',
  }),
} as const;

const organizationSchema = z
  .object({
    organizationId: z.string(),
    name: z.string(),
    slug: z.string().openapi({ description: "Part of its phones' user names; never changes" }),
    active: z.boolean().openapi({ description: 'Whether its numbers are answered and its tokens open anything' }),
    planId: z.string(),
    overload: z.object(overloadFields),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    deletionRequestedAt: z.iso.datetime().nullable(),
    deleteAfter: z.iso.datetime().nullable().openapi({ description: 'From then on it is deleted, provided that its export exists' }),
  })
  .openapi('Organization');
const newOrganizationSchema = z
  .strictObject({
    name,
    slug: slug.optional().openapi({ description: 'Without one it is made from the name' }),
    planId: planId.optional().openapi({ description: 'Without one: `standard`' }),
  })
  .openapi('NewOrganization');
const organizationChangesSchema = z
  .strictObject({ name: name.optional(), planId: planId.optional(), overload: z.strictObject(overloadFields).partial().optional() })
  .refine((changes) => Object.keys(changes).length > 0, 'must change something')
  .openapi('OrganizationChanges');
const deletionSchema = z
  .strictObject({
    graceDays: z.int().min(1).max(90).optional().openapi({ description: 'Days until it is deleted for good; without: 30' }),
  })
  .openapi('OrganizationDeletion');

/** Position of the last organization of a page. */
export const positionSchema = z.strictObject({ createdAt: z.iso.datetime(), organizationId: z.string().max(100) });

const params = z.object({ organizationId: z.string().max(100) });
const one = '/admin/organizations/{organizationId}';
const tags = ['Organizations'];

const theOrganization = { 200: json('The organization', organizationSchema) };

/** The operations, guarded. */
export function declareOrganizationRoutes(guards: Guards) {
  const post = <const Path extends string>(path: Path, summary: string) =>
    adminRoute(guards, { method: 'post', path, tags, summary, request: { params }, responses: theOrganization });
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: '/admin/organizations',
      tags,
      summary: 'Organizations, newest first',
      request: { query: pageQuerySchema.extend({ active: z.enum(['true', 'false']).optional() }) },
      responses: {
        200: json('A page', z.object({ organizations: z.array(organizationSchema), nextCursor: z.string().nullable() })),
      },
    }),
    create: adminRoute(guards, {
      method: 'post',
      path: '/admin/organizations',
      tags,
      summary: 'Makes an organization',
      request: { body: jsonBody(newOrganizationSchema) },
      responses: { 201: json('The organization', organizationSchema) },
    }),
    get: adminRoute(guards, {
      method: 'get',
      path: one,
      tags,
      summary: 'One organization',
      request: { params },
      responses: theOrganization,
    }),
    update: adminRoute(guards, {
      method: 'patch',
      path: one,
      tags,
      summary: 'Changes the name, the plan, or what becomes of calls that there is no room for',
      request: { params, body: jsonBody(organizationChangesSchema) },
      responses: theOrganization,
    }),
    activate: post(`${one}/activate`, 'Its numbers are answered and its tokens are good again'),
    deactivate: post(`${one}/deactivate`, 'Its numbers are answered by nobody and its tokens open nothing; live calls go on'),
    remove: adminRoute(guards, {
      method: 'delete',
      path: one,
      tags,
      summary: 'Inactive at once, exported, and deleted for good after the grace period; refused while calls are live',
      request: { params, body: { ...json('The grace period', deletionSchema), required: false } },
      responses: { 202: json('The organization', organizationSchema) },
    }),
    restore: post(`${one}/restore`, 'Cancels the deletion; the organization stays inactive until it is activated'),
  };
}
