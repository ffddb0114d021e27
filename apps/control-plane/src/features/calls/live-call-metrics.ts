// Whose calls are up, as Prometheus series: by organization, with a limit to how many of them get a series of their own.
import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import { LRUCache } from 'lru-cache';
import type { CallEvent } from '#ports/call-event.ts';
import type { OrganizationStore } from '#features/access/organization-store.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { LiveCallBoard } from './live-calls.ts';

/** Organizations with a series of their own: those with the most calls. What the others have is summed under `other`. */
export const MAX_ORGANIZATIONS = 20;
/** Slugs that are remembered; a slug never changes. */
const MAX_SLUGS = 1_000;

export type LiveCallMetricsParts = {
  readonly registry: Registry;
  readonly board: Pick<LiveCallBoard, 'list'>;
  /** Asked once for an organization's slug, when its first call begins; never at a scrape. */
  readonly organizations: Pick<OrganizationStore, 'find'>;
  readonly log: Log;
};

/** Registers the series; returns what hears of calls. */
export function createLiveCallMetrics({ registry, board, organizations, log }: LiveCallMetricsParts): (event: CallEvent) => void {
  const scope = mintApplianceScope();
  const slugs = new LRUCache<string, string>({ max: MAX_SLUGS });
  new Gauge({
    name: 'centralita_organization_calls_live',
    help: `Calls that are up, of the ${MAX_ORGANIZATIONS} organizations with the most of them; the rest as other`,
    labelNames: ['organization'],
    registers: [registry],
    collect() {
      this.reset();
      const counts = Map.groupBy(board.list(null), ({ organizationId }) => slugs.get(organizationId) ?? organizationId);
      const sorted = [...counts].map(([organization, calls]) => [organization, calls.length] as const).toSorted((a, b) => b[1] - a[1]);
      for (const [organization, count] of sorted.slice(0, MAX_ORGANIZATIONS)) this.set({ organization }, count);
      const rest = sorted.slice(MAX_ORGANIZATIONS).reduce((sum, [, count]) => sum + count, 0);
      this.set({ organization: 'other' }, rest);
    },
  });
  return (event) => {
    if (event.kind !== 'call_started' || slugs.has(event.scope.organizationId)) return;
    const { organizationId } = event.scope;
    organizations.find(scope, organizationId).then(
      (organization) => void slugs.set(organizationId, organization?.slug ?? organizationId),
      (error: unknown) =>
        log.debug({ error: loggableError(error) }, 'the slug of an organization could not be read; the metrics show its id'),
    );
  };
}
