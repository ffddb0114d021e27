// The export of an organization that is to be deleted: where it stands, and its file.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { isId } from '#shared/id.ts';
import type { ExportSubject, OrganizationExportStore } from './organization-export-store.ts';
import type { OpenExport, OrganizationExports } from './organization-exports.ts';

const exportSchema = z
  .object({
    state: z.enum(['none', 'pending', 'ready']).openapi({ description: '`none` while no deletion was asked for and no export was made' }),
    file: z.string().nullable(),
    bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    exportedAt: z.iso.datetime().nullable(),
  })
  .openapi('OrganizationExport');

const params = z.object({ organizationId: z.string().max(100) });
const tags = ['Organizations'];

export type ExportRouteParts = {
  readonly exports: OrganizationExports;
  readonly exportStore: OrganizationExportStore;
  readonly guards: Guards;
};

export function createOrganizationExportRoutes({ exports, exportStore, guards }: ExportRouteParts) {
  const state = adminRoute(guards, {
    method: 'get',
    path: '/admin/organizations/{organizationId}/export',
    tags,
    summary: 'Where the export stands that is made before an organization is deleted',
    request: { params },
    responses: { 200: { description: 'The export', content: { 'application/json': { schema: exportSchema } } } },
  });
  const download = adminRoute(guards, {
    method: 'get',
    path: '/admin/organizations/{organizationId}/export/download',
    tags,
    summary: 'The export itself: a .tar.gz with one file of JSON lines per table, the recordings, and manifest.json',
    request: { params },
    responses: { 200: { description: 'The file', content: { 'application/gzip': { schema: z.string().openapi({ format: 'binary' }) } } } },
  });
  const find = async (scope: ApplianceScope, organizationId: string): Promise<ExportSubject> => {
    const subject = isId('organization', organizationId) ? await exportStore.find(scope, organizationId) : null;
    if (!subject) throw notFound('organization');
    return subject;
  };
  const openNewest = async (scope: ApplianceScope, organizationId: string): Promise<OpenExport | null> => {
    const made = await exports.open(await find(scope, organizationId));
    // A newer export may have taken the place of the one that was looked up, with its file: the row names the newer one by then.
    return made ?? (await exports.open(await find(scope, organizationId)));
  };
  return createRoutes()
    .openapi(state, async (context) => {
      const subject = await find(context.get('applianceScope'), context.req.valid('param').organizationId);
      const isReady = (await exports.findFile(subject)) !== null;
      const made = isReady ? subject.export : null;
      const without = subject.deletionRequestedAt ? ('pending' as const) : ('none' as const);
      const { file = null, bytes = null, sha256 = null } = made ?? {};
      const exportedAt = made?.exportedAt.toISOString() ?? null;
      return context.json({ state: made ? ('ready' as const) : without, file, bytes, sha256, exportedAt }, 200);
    })
    .openapi(download, async (context) => {
      const scope = context.get('applianceScope');
      // Handed over to the stream where one is made; closed on every other way out.
      await using made = await openNewest(scope, context.req.valid('param').organizationId);
      if (!made) throw new ProblemError('conflict', 'there is no export of this organization, or it is not made yet');
      const headers = {
        'content-type': 'application/gzip',
        'content-length': String(made.bytes),
        'content-disposition': `attachment; filename="${made.file}"`,
        'cache-control': 'no-store',
      };
      if (context.req.method === 'HEAD') return context.body(null, 200, headers);
      await exportStore.recordDownload({ scope, actor: context.get('actor') }, made.organizationId, made.file);
      return context.body(made.read(), 200, headers);
    });
}
