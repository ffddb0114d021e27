// What the operations on tokens take and give.
import { z } from '@hono/zod-openapi';
import { json, jsonBody } from '#http/json-content.ts';
import { pageQuerySchema } from '#http/page.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute, orgRoute } from '#http/route.ts';
import type { GrantableScope, ScopePreset } from '#shared/permission-scopes.ts';
import { grantableScopes, scopePresets } from '#shared/permission-scopes.ts';
import { tokenStates } from './token-record.ts';
import { MAX_GRACE_HOURS, MAX_TOKEN_DAYS } from './token-store.ts';

const presets = Object.keys(scopePresets) as [ScopePreset, ...ScopePreset[]];
const scopesSchema = z.array(z.enum(grantableScopes)).min(1).max(grantableScopes.length);
const expiresInDays = z
  .int()
  .min(1)
  .max(MAX_TOKEN_DAYS)
  .optional()
  .openapi({ description: `Days that it is good for; without: ${MAX_TOKEN_DAYS}, which is the most` });

const shownSchema = z.object({
  tokenId: z.string(),
  organizationId: z.string(),
  name: z.string(),
  prefix: z.string().openapi({ description: 'How the token begins, to recognise it' }),
  lastFour: z.string(),
  scopes: z.array(z.enum(grantableScopes)),
  state: z
    .enum(tokenStates)
    .openapi({ description: '`grace`: replaced, and good until `expiresAt`. `rotated`, `revoked` and `expired` open nothing' }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  rotatedFrom: z.string().nullable().openapi({ description: 'The token that it replaced' }),
  rotatedTo: z.string().nullable().openapi({ description: 'The token that replaced it' }),
  lastUsedAt: z.iso.datetime().nullable().openapi({ description: 'To within some seconds' }),
  lastUsedAddress: z.string().nullable(),
});
const tokenSchema = shownSchema.openapi('ApiToken');
const newTokenSchema = shownSchema
  .extend({ token: z.string().openapi({ description: 'The token itself. It is shown this once and kept nowhere' }) })
  .openapi('NewApiToken');
const ownTokenSchema = shownSchema.extend({ planId: z.string(), requestsPerMinute: z.int() }).openapi('OwnApiToken');

const draftSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100).openapi({ description: 'Who uses it, such as `CRM`' }),
    scopes: scopesSchema.optional(),
    preset: z.enum(presets).optional().openapi({ description: 'A set of scopes for a usual holder, in place of `scopes`' }),
    expiresInDays,
  })
  .refine(({ scopes, preset }) => (scopes === undefined) !== (preset === undefined), {
    path: ['scopes'],
    message: 'either scopes or preset must be given, and not both',
  })
  .openapi('ApiTokenDraft');
const rotationSchema = z
  .strictObject({
    tokenId: z.string().max(100),
    graceHours: z
      .int()
      .min(0)
      .max(MAX_GRACE_HOURS)
      .default(0)
      .openapi({ description: `Hours that the old token goes on for, ${MAX_GRACE_HOURS} at most; 0: it is dead at once` }),
    expiresInDays,
  })
  .openapi('ApiTokenRotation');

/** Position of the last token of a page. */
export const positionSchema = z.strictObject({ tokenId: z.string().max(100) });

/** The scopes that a draft names one way or the other, each once. */
export function scopesOf({
  scopes,
  preset,
}: {
  scopes?: readonly GrantableScope[] | undefined;
  preset?: ScopePreset | undefined;
}): GrantableScope[] {
  return [...new Set<GrantableScope>(preset ? scopePresets[preset] : scopes)];
}

const organizationParams = z.object({ organizationId: z.string().max(100) });
const tokenParams = z.object({ tokenId: z.string().max(100) });
const tags = ['Tokens'];
const ofOrganization = '/admin/organizations/{organizationId}/tokens';

/** The operations, guarded. */
export function declareTokenRoutes(guards: Guards) {
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: ofOrganization,
      tags,
      summary: "An organization's tokens with their history, newest first",
      request: { params: organizationParams, query: pageQuerySchema },
      responses: { 200: json('A page', z.object({ tokens: z.array(tokenSchema), nextCursor: z.string().nullable() })) },
    }),
    create: adminRoute(guards, {
      method: 'post',
      path: ofOrganization,
      tags,
      summary: 'Makes a token; its text is in the answer and nowhere else',
      request: { params: organizationParams, body: jsonBody(draftSchema) },
      responses: { 201: json('The token, with its text', newTokenSchema) },
    }),
    rotate: adminRoute(guards, {
      method: 'post',
      path: '/admin/tokens/rotate',
      tags,
      summary: 'Replaces a token by one with the same name and scopes; the old one ends at once or after a grace',
      request: { body: jsonBody(rotationSchema) },
      responses: { 201: json('The new token, with its text', newTokenSchema) },
    }),
    get: adminRoute(guards, {
      method: 'get',
      path: '/admin/tokens/{tokenId}',
      tags,
      summary: 'One token',
      request: { params: tokenParams },
      responses: { 200: json('The token', tokenSchema) },
    }),
    revoke: adminRoute(guards, {
      method: 'post',
      path: '/admin/tokens/{tokenId}/revoke',
      tags,
      summary: 'Ends a token for good; it is refused everywhere within 5 seconds',
      request: { params: tokenParams },
      responses: { 200: json('The token', tokenSchema) },
    }),
    self: orgRoute(
      guards,
      { scope: 'any' },
      {
        method: 'get',
        path: '/tokens/self',
        tags,
        summary: 'The token that the request carries, and its plan',
        responses: { 200: json('The token', ownTokenSchema) },
      },
    ),
  };
}
