// Start-up fails when a route does not say who may call it: a handler that was mounted past the four kinds of route would be open to all.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { isDeclared } from './route.ts';

/** Marks what the kit itself puts before every route: alone it may stand on a path without an access of its own. */
const kitMark = Symbol('of the kit');

/** Marks a middleware of the kit; for the kit's own use. */
export function ofTheKit(middleware: MiddlewareHandler): MiddlewareHandler {
  // A function of its own: a mark on a shared one would reach further than this application.
  return Object.assign<MiddlewareHandler, object>((context, next) => middleware(context, next), { [kitMark]: true });
}

/**
 * Throws, naming the routes, unless every handler's method and path was declared by `publicRoute`, `signedRoute`, `adminRoute` or `orgRoute`.
 * `app` is the whole application, all features mounted.
 */
export function assertEveryRouteDeclaresAccess(app: Pick<OpenAPIHono, 'routes' | 'openAPIRegistry'>): void {
  const declared = new Set(
    app.openAPIRegistry.definitions.flatMap((definition) =>
      definition.type === 'route' && isDeclared(definition.route)
        ? [`${definition.route.method.toUpperCase()} ${definition.route.path.replaceAll(/\/{(.+?)}/g, '/:$1')}`]
        : [],
    ),
  );
  const open = app.routes
    .filter(({ handler }) => !(kitMark in handler))
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !declared.has(route));
  if (open.length === 0) return;
  const names = [...new Set(open)].join(', ');
  throw new Error(
    `no access is declared for ${names}: make each with publicRoute, signedRoute, adminRoute or orgRoute and mount it with .openapi()`,
  );
}
