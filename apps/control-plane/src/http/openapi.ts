// The OpenAPI document of an application: what the routes declare, and what is true of all of them.
import type { OpenAPIHono } from '@hono/zod-openapi';
import { RELEASE } from '#shared/release.ts';

/** A document of OpenAPI 3.1. */
export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

const description = `Centralita's HTTP API. Organizations use it with an API token (\`Authorization: Bearer cck_live_…\`), the appliance's admin with \`X-Admin-Key\`.

- Errors are \`application/problem+json\` (RFC 9457) with a \`code\` from a closed list; \`fields\` names each field that is wrong; \`requestId\` is also in our log.
- Lists come in pages: follow \`nextCursor\` until it is null.
- Each organization has a rate by its plan: \`RateLimit\` and \`RateLimit-Policy\` say what is left, \`Retry-After\` when to come back after a 429.
- Writes take an \`Idempotency-Key\`: repeated within 24 hours with the same body they give the first answer again and change nothing.
- What belongs to another organization does not exist: 404.
- \`x-access\` of an operation says who may call it and with which scope.`;

const tags = [
  { name: 'Agents', description: 'The agents that answer calls, and every version of each' },
  { name: 'Knowledge', description: 'What agents answer from: documents, and what they find in them' },
  { name: 'Numbers', description: 'What callers dial, and who answers' },
  { name: 'Phones', description: 'SIP phones of the people whom agents transfer to' },
  { name: 'Calls', description: 'Calls, what was said in them, and those that are up now' },
  { name: 'Recordings', description: 'The sound of a call, by a link that lives for minutes' },
  { name: 'Account', description: "The organization's own token and usage" },
  { name: 'Organizations', description: 'Admin: the organizations that share the appliance' },
  { name: 'Plans', description: 'Admin: what organizations may use' },
  { name: 'Tokens', description: "Admin: organizations' API tokens" },
  { name: 'Trunks', description: 'Admin: uplinks to carriers' },
  { name: 'Telephony', description: 'Admin: whether Asterisk has what the database says' },
  { name: 'Audit', description: 'Admin: who did what, and whether the log is whole' },
  { name: 'Health', description: 'For supervisors, balancers and Prometheus' },
  { name: 'Documentation', description: 'This document' },
];

/** The document of everything that is mounted on `app` now. */
export function openApiDocument(app: OpenAPIHono): OpenApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearerToken', {
    type: 'http',
    scheme: 'bearer',
    description: "An organization's API token, made by the appliance's admin",
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'adminKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-Admin-Key',
    description: 'The key that the provisioner showed once',
  });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Centralita', version: RELEASE, description, license: { name: 'Apache-2.0' } },
    tags,
  });
}
