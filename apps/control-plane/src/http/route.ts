// The two kinds of route: a route says by how it is made who may call it, and there is no third way.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RouteConfig } from '@hono/zod-openapi';
import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { ProblemError, problemSchema } from './problem.ts';

/** What an admin route's handler finds in its context. */
export type AdminVariables = { applianceScope: ApplianceScope };

/** Lets the holder of the admin key through. */
export type AdminAuthentication = MiddlewareHandler<{ Variables: AdminVariables }>;

const problemContent = { content: { 'application/problem+json': { schema: problemSchema } } };
const anyProblem = { ...problemContent, description: 'A problem' };

/** The check of `X-Admin-Key` against the SHA-256 of the key. The key has 256 random bits, so it needs no slow hash. */
export function createAdminAuthentication(adminKeyHash: string): AdminAuthentication {
  const expected = Buffer.from(adminKeyHash, 'hex');
  return async (context, next) => {
    const given = createHash('sha256')
      .update(context.req.header('x-admin-key') ?? '')
      .digest();
    // Digests have one length, and their comparison takes the same time wherever they differ.
    if (!timingSafeEqual(given, expected)) throw new ProblemError('unauthenticated', 'the header X-Admin-Key is missing or wrong');
    context.set('applianceScope', mintApplianceScope());
    await next();
  };
}

/** A route that anybody who reaches the port may call: it must tell nothing of any organization. */
export function publicRoute<const Route extends RouteConfig>(route: Route) {
  return createRoute({ ...route, responses: { ...route.responses, default: anyProblem } });
}

/** A route of the appliance's admin. */
export function adminRoute<const Route extends RouteConfig>(authentication: AdminAuthentication, route: Route) {
  return createRoute({
    ...route,
    security: [{ adminKey: [] }],
    middleware: authentication,
    responses: { ...route.responses, 401: { ...problemContent, description: 'The admin key is missing or wrong' }, default: anyProblem },
  });
}
