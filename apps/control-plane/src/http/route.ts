// The kinds of route: a route says by how it is made who may call it, and there is no other way.
import type { RouteConfig } from '@hono/zod-openapi';
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { PermissionScope } from '#shared/permission-scopes.ts';
import type { Principal } from '#shared/principal.ts';
import { checkJsonBody } from './body.ts';
import type { LargeBody } from './large-body.ts';
import { withLargeBody } from './large-body.ts';
import { problemSchema } from './problem.ts';

/** What an admin route's handler finds in its context. */
export type AdminVariables = { readonly applianceScope: ApplianceScope; readonly actor: Actor };
/** What a client route's handler finds in its context. */
export type OrgVariables = { readonly scope: OrgScope; readonly principal: Principal; readonly actor: Actor };

/** Lets the holder of the admin key through. */
export type AdminGuard = MiddlewareHandler<{ Variables: AdminVariables }>;
/** Lets the holder of a good token through. */
export type OrgGuard = MiddlewareHandler<{ Variables: OrgVariables }>;

/** What a client route asks of a token: a scope, or `any` where every good token will do. */
export type RequiredScope = PermissionScope | 'any';

/** How a client route is guarded. */
export type OrgAccess = {
  readonly scope: RequiredScope;
  /** Requests that one of these counts as against the plan's rate; default 1. */
  readonly cost?: number;
  /** Whether a write may carry an `Idempotency-Key`; default: every method but GET. `false` where the answer holds a secret, which is never stored. */
  readonly idempotent?: boolean;
  /** For a route that takes more than the usual body. It takes no `Idempotency-Key`: the body is never read as a whole. */
  readonly largeBody?: LargeBody;
};

/** The guards, made once by the composition: authentication, rate, scope, idempotency, in this order. */
export type Guards = { readonly admin: AdminGuard; readonly organization: (access: Required<Omit<OrgAccess, 'largeBody'>>) => OrgGuard };

/** Who may call an operation, as the OpenAPI document says it under `x-access`. */
export type RouteAccess =
  | { readonly kind: 'public' | 'signed' | 'admin' }
  | { readonly kind: 'organization'; readonly scope: RequiredScope; readonly idempotent: boolean };

const problemContent = { content: { 'application/problem+json': { schema: problemSchema } } };
const anyProblem = { ...problemContent, description: 'A problem' };
const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{8,128}$/, '8 to 128 printable characters without spaces, such as a UUID')
    .optional()
    .openapi({ description: 'Repeating a write with the same key within 24 hours gives the first answer again and changes nothing.' }),
});

/** Only this file can write it: an access that was typed by hand is none. */
const declaredHere = Symbol('declared');

/** Whether a route of the OpenAPI registry was made by one of the functions below. */
export function isDeclared(route: object): boolean {
  const access: unknown = 'x-access' in route ? route['x-access'] : undefined;
  return typeof access === 'object' && access !== null && declaredHere in access;
}

/** What every route gets besides its own: its access, and the refusal of unknown query parameters also where it takes none. */
function declare<const Route extends RouteConfig>(route: Route, access: RouteAccess): Route & { 'x-access': RouteAccess } {
  const request = {
    ...route.request,
    query: route.request?.query ?? z.strictObject({}),
    ...(access.kind === 'organization' && access.idempotent ? { headers: idempotencyHeader } : {}),
  };
  // The additions are for validation and documentation: a handler sees the parts that its own route declares.
  return { ...route, request, 'x-access': { ...access, [declaredHere]: true } };
}

/** The guard, and the body looked at once it let the request through. */
function beforeBody<Variables extends object>(
  guard: MiddlewareHandler<{ Variables: Variables }>,
): MiddlewareHandler<{ Variables: Variables }> {
  return (context, next) => guard(context, () => checkJsonBody(context, next).then(() => {}));
}

/** A route that anybody who reaches the port may call: it must tell nothing of any organization. */
export function publicRoute<const Route extends RouteConfig>(route: Route) {
  return createRoute({
    ...declare(route, { kind: 'public' }),
    middleware: checkJsonBody,
    responses: { ...route.responses, default: anyProblem },
  });
}

/** A route whose URL carries its own proof, signed by us: the handler checks it. */
export function signedRoute<const Route extends RouteConfig>(route: Route) {
  return createRoute({
    ...declare(route, { kind: 'signed' }),
    middleware: checkJsonBody,
    responses: { ...route.responses, default: anyProblem },
  });
}

/** A route of the appliance's admin. */
export function adminRoute<const Route extends RouteConfig>(guards: Guards, route: Route) {
  return createRoute({
    ...declare(route, { kind: 'admin' }),
    security: [{ adminKey: [] }],
    middleware: beforeBody(guards.admin),
    responses: { ...route.responses, 401: { ...problemContent, description: 'The admin key is missing or wrong' }, default: anyProblem },
  });
}

/**
 * A route of the appliance's own state, for monitors: a token that has the scope opens it, and so does the admin key. A request with the key's header
 * is the admin's. Tokens count against their plan's rate as everywhere.
 */
export function monitorRoute<const Route extends RouteConfig>(guards: Guards, scope: PermissionScope, route: Route) {
  const admin = beforeBody(guards.admin);
  const organization = beforeBody(guards.organization({ scope, cost: 1, idempotent: false }));
  const middleware: MiddlewareHandler = (context, next) =>
    context.req.header('x-admin-key') === undefined ? organization(context as never, next) : admin(context as never, next);
  return createRoute({
    ...declare(route, { kind: 'organization', scope, idempotent: false }),
    security: [{ bearerToken: [] }, { adminKey: [] }],
    middleware,
    responses: { ...route.responses, ...tokenProblems(scope) },
  });
}

/** A route of the client API. It cannot be written without a scope. */
export function orgRoute<const Route extends RouteConfig>(guards: Guards, access: OrgAccess, route: Route) {
  const { scope, cost = 1, largeBody, idempotent = route.method !== 'get' && largeBody === undefined } = access;
  return createRoute({
    ...declare(route, { kind: 'organization', scope, idempotent }),
    security: [{ bearerToken: [] }],
    middleware: withLargeBody(beforeBody(guards.organization({ scope, cost, idempotent })), largeBody),
    responses: { ...route.responses, ...tokenProblems(scope) },
  });
}

/** What every route of tokens may answer besides its own. */
function tokenProblems(scope: RequiredScope) {
  return {
    401: { ...problemContent, description: 'The token is missing or not good' },
    ...(scope === 'any' ? {} : { 403: { ...problemContent, description: `The token lacks the scope ${scope}` } }),
    429: { ...problemContent, description: "The plan's rate is used up; Retry-After says when to come back" },
    default: anyProblem,
  };
}
