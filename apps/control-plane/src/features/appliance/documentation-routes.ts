// The API describes itself: the OpenAPI document, and a page to browse it in that loads nothing from outside the building.
import { readFile } from 'node:fs/promises';
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import type { OpenApiDocument } from '#http/openapi.ts';
import { publicRoute } from '#http/route.ts';

/** The built browser program: this package carries it as one file, where Scalar's own package brings 295 MB of sources. */
const scriptFile = new URL('./js/standalone.js', import.meta.resolve('@scalar/fastify-api-reference'));

// Fonts and telemetry of the vendor are off, and the policy would not let the page reach anything else either.
const configuration = JSON.stringify({
  url: './openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
});
const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Centralita API</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <script id="api-reference" data-configuration='${configuration}'></script>
    <script src="./docs/reference.js"></script>
  </body>
</html>
`;
/** The reference runs its own script and styles that it makes itself, and asks this server alone. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
/** The file changes only with a release. */
const SCRIPT_CACHE = 'public, max-age=86400';

const tags = ['Documentation'];

/** `document` is asked once, at the first request: by then every route is mounted. */
export function createDocumentationRoutes({ document }: { document: () => OpenApiDocument }) {
  const openApi = publicRoute({
    method: 'get',
    path: '/openapi.json',
    tags,
    summary: 'This API as an OpenAPI 3.1 document',
    responses: { 200: { description: 'The document', content: { 'application/json': { schema: z.looseObject({}) } } } },
  });
  const docs = publicRoute({
    method: 'get',
    path: '/docs',
    tags,
    summary: 'This API as a page to browse',
    responses: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } } },
  });
  const script = publicRoute({
    method: 'get',
    path: '/docs/reference.js',
    tags,
    summary: "The page's program",
    responses: { 200: { description: 'JavaScript', content: { 'text/javascript': { schema: z.string() } } } },
  });
  let text: string | undefined;
  // Read once: it has megabytes, and whoever reaches the appliance may ask for it as often as he likes.
  let program: Promise<string> | undefined;
  const readProgram = (): Promise<string> => {
    program ??= readFile(scriptFile, 'utf8').catch((error: unknown) => {
      program = undefined;
      throw error;
    });
    return program;
  };
  return createRoutes()
    .openapi(openApi, (context) => {
      text ??= JSON.stringify(document());
      return context.body(text, 200, { 'content-type': 'application/json' }) as never;
    })
    .openapi(docs, (context) => context.html(page, 200, { 'content-security-policy': pagePolicy }))
    .openapi(
      script,
      async (context) =>
        context.body(await readProgram(), 200, {
          'content-type': 'text/javascript; charset=utf-8',
          'cache-control': SCRIPT_CACHE,
        }) as never,
    );
}
