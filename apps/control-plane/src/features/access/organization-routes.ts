// The admin's organizations: made, changed, switched on and off, deleted with a grace period.
import { createRoutes } from '#http/app.ts';
import { fromCursor, toPage } from '#http/page.ts';
import { conflict, deletionPending, notFound, ProblemError, unprocessable } from '#http/problem.ts';
import type { AdminVariables, Guards } from '#http/route.ts';
import type { OrganizationId } from '#shared/id.ts';
import { isId } from '#shared/id.ts';
import type { Organization, OrganizationOutcome, OrganizationStore } from './organization-store.ts';
import { declareOrganizationRoutes, positionSchema } from './organization-route-schemas.ts';

export type OrganizationRouteParts = {
  readonly organizations: OrganizationStore;
  readonly guards: Guards;
  /** Told once a deletion was requested: the export is made right away. */
  readonly onDeletionRequested: (organizationId: OrganizationId) => void;
};

export function createOrganizationRoutes({ organizations, guards, onDeletionRequested }: OrganizationRouteParts) {
  const routes = declareOrganizationRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor, active } = context.req.valid('query');
      const position = fromCursor(positionSchema, cursor);
      const after = position && { ...position, createdAt: new Date(position.createdAt) };
      const options = { limit: limit + 1, after, active: active === undefined ? null : active === 'true' };
      const rows = await organizations.list(context.get('applianceScope'), options);
      const { page, nextCursor } = toPage(rows, limit, ({ createdAt, organizationId }) => ({
        createdAt: createdAt.toISOString(),
        organizationId,
      }));
      return context.json({ organizations: page.map(organizationBody), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => context.json(done(await organizations.create(by(context), context.req.valid('json'))), 201))
    .openapi(routes.get, async (context) => {
      const organization = await organizations.find(context.get('applianceScope'), idOf(context.req.valid('param')));
      if (!organization) throw notFound('organization');
      return context.json(organizationBody(organization), 200);
    })
    .openapi(routes.update, async (context) => {
      const { organizationId } = context.req.valid('param');
      return context.json(done(await organizations.update(by(context), idOf({ organizationId }), context.req.valid('json'))), 200);
    })
    .openapi(routes.activate, async (context) => {
      return context.json(done(await organizations.setActive(by(context), idOf(context.req.valid('param')), true)), 200);
    })
    .openapi(routes.deactivate, async (context) => {
      return context.json(done(await organizations.setActive(by(context), idOf(context.req.valid('param')), false)), 200);
    })
    .openapi(routes.remove, async (context) => {
      const organizationId = idOf(context.req.valid('param'));
      const { graceDays } = context.req.valid('json');
      const organization = done(await organizations.requestDeletion(by(context), organizationId, graceDays ?? 30));
      onDeletionRequested(organizationId);
      return context.json(organization, 202);
    })
    .openapi(routes.restore, async (context) => {
      return context.json(done(await organizations.restore(by(context), idOf(context.req.valid('param')))), 200);
    });
}

function by(context: { get<Key extends keyof AdminVariables>(key: Key): AdminVariables[Key] }) {
  return { scope: context.get('applianceScope'), actor: context.get('actor') };
}

function idOf({ organizationId }: { organizationId: string }): OrganizationId {
  if (!isId('organization', organizationId)) throw notFound('organization');
  return organizationId;
}

/** The organization as it is after a write; throws the problem for a write that was refused. */
function done(outcome: OrganizationOutcome) {
  switch (outcome.kind) {
    case 'done':
      return organizationBody(outcome.organization);
    case 'not_found':
      throw notFound('organization');
    case 'unknown_plan':
      throw unprocessable('planId', 'there is no such plan');
    case 'slug_taken':
      throw conflict('slug', 'another organization has it');
    case 'deletion_pending':
      throw deletionPending();
    case 'no_deletion_pending':
      throw new ProblemError('conflict', 'the organization does not wait to be deleted');
    case 'too_many_agents':
      throw new ProblemError('plan_limit', `agents: ${outcome.agents} are registered and the plan allows ${outcome.limit}`, {
        fields: [{ path: 'planId', message: `allows ${outcome.limit} agents, and ${outcome.agents} are registered` }],
      });
    case 'live_calls':
      throw new ProblemError(
        'conflict',
        `${outcome.liveCalls} call(s) of the organization are live; deactivate it and wait for them to end`,
      );
  }
}

function organizationBody(organization: Organization) {
  const {
    createdAt,
    updatedAt,
    deletionRequestedAt,
    deleteAfter,
    overloadChoice,
    overloadDestination,
    overloadMaxWaitSeconds,
    overloadPositionEverySeconds,
    ...columns
  } = organization;
  return {
    ...columns,
    overload: {
      choice: overloadChoice,
      destination: overloadDestination,
      maxWaitSeconds: overloadMaxWaitSeconds,
      positionEverySeconds: overloadPositionEverySeconds,
    },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    deletionRequestedAt: deletionRequestedAt?.toISOString() ?? null,
    deleteAfter: deleteAfter?.toISOString() ?? null,
  };
}
