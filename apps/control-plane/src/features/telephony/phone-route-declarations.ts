// The routes of phones: paths, who may call them, and what goes in and out.
import { z } from '@hono/zod-openapi';
import { json, jsonBody } from '#http/json-content.ts';
import { adminPageQuerySchema, pageQuerySchema } from '#http/page.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute, orgRoute } from '#http/route.ts';
import {
  newPhoneSchema,
  phoneChangeSchema,
  phonePageSchema,
  phoneParams,
  phoneSchema,
  phoneWithPasswordSchema,
  removedSchema,
} from './telephony-schemas.ts';

const tags = ['Phones'];
const pushed = 'The telephone system is told at once, without a restart; `telephony` says whether it took it.';

export function declarePhoneAdminRoutes(guards: Guards) {
  const one = { path: '/admin/phones/{phoneId}', tags } as const;
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: '/admin/phones',
      tags,
      summary: 'Phones of every organization or of one',
      request: { query: adminPageQuerySchema },
      responses: { 200: json('A page', phonePageSchema) },
    }),
    create: adminRoute(guards, {
      method: 'post',
      path: '/admin/organizations/{organizationId}/phones',
      tags,
      summary: 'Give an organization a phone; its password is shown once',
      description: pushed,
      request: { params: z.object({ organizationId: z.string().max(100) }), body: jsonBody(newPhoneSchema) },
      responses: { 201: json('The phone and its password', phoneWithPasswordSchema) },
    }),
    get: adminRoute(guards, {
      ...one,
      method: 'get',
      summary: 'One phone',
      request: { params: phoneParams },
      responses: { 200: json('The phone', phoneSchema) },
    }),
    change: adminRoute(guards, {
      ...one,
      method: 'patch',
      summary: 'Rename a phone',
      description: pushed,
      request: { params: phoneParams, body: jsonBody(phoneChangeSchema) },
      responses: { 200: json('The phone', phoneSchema) },
    }),
    resetPassword: adminRoute(guards, {
      method: 'post',
      path: '/admin/phones/{phoneId}/reset-password',
      tags,
      summary: 'Make another password, shown once; the old one opens nothing then',
      description: `${pushed} A telephone that is registered stays reachable until its registration expires; it cannot call or register again.`,
      request: { params: phoneParams },
      responses: { 200: json('The phone and its password', phoneWithPasswordSchema) },
    }),
    remove: adminRoute(guards, {
      ...one,
      method: 'delete',
      summary: 'Take a phone away; it can neither register nor call then',
      description: pushed,
      request: { params: phoneParams },
      responses: { 200: json('It is gone', removedSchema) },
    }),
  };
}

export function declarePhoneClientRoutes(guards: Guards) {
  const one = { path: '/phones/{phoneId}', tags } as const;
  return {
    list: orgRoute(
      guards,
      { scope: 'agent:read' },
      {
        method: 'get',
        path: '/phones',
        tags,
        summary: 'Phones of the organization',
        request: { query: pageQuerySchema },
        responses: { 200: json('A page', phonePageSchema) },
      },
    ),
    get: orgRoute(
      guards,
      { scope: 'agent:read' },
      {
        ...one,
        method: 'get',
        summary: 'One phone',
        request: { params: phoneParams },
        responses: { 200: json('The phone', phoneSchema) },
      },
    ),
    change: orgRoute(
      guards,
      { scope: 'agent:write' },
      {
        ...one,
        method: 'patch',
        summary: 'Rename a phone',
        description: pushed,
        request: { params: phoneParams, body: jsonBody(phoneChangeSchema) },
        responses: { 200: json('The phone', phoneSchema) },
      },
    ),
  };
}
