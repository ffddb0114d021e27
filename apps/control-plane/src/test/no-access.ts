// What the test of every operation without the right to it works with: two organizations, an inactive one, and credentials that open nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRecordingStorage } from '#adapters/disk/recording-storage.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { makeTokenText } from '#features/access/token-text.ts';
import { NO_SOCKET_ADDRESS } from '#http/client-address.ts';
import { newId } from '#shared/id.ts';
import { permissionScopes } from '#shared/permission-scopes.ts';
import type { RequiredScope } from '#http/route.ts';
import type { ApiDescription, ApiOperation } from './api-operations.ts';
import { describeApi } from './api-operations.ts';
import { openTestApi, TEST_ADMIN_KEY } from './test-api.ts';
import type { AskAdmin, TwinOrganization } from './twin-organizations.ts';
import { addToken, addTwin, askAdminOf } from './twin-organizations.ts';

/** What came back, to be compared byte by byte: only the request's own id is taken out. */
export type RawAnswer = { readonly status: number; readonly authenticate: string | null; readonly text: string };
type Headers = Readonly<Record<string, string>>;
/** Values of a path's parameters. */
export type PathValues = Readonly<Record<string, string>>;

export type AccessFixture = AsyncDisposable & {
  readonly description: ApiDescription;
  readonly askAdmin: AskAdmin;
  readonly own: TwinOrganization;
  readonly other: TwinOrganization;
  /** Ids that nothing has. */
  readonly unknown: TwinOrganization;
  /** Credentials of a client that open nothing, by what is wrong with them. */
  readonly badTokens: Readonly<Record<string, Headers>>;
  /** Credentials of an admin that open nothing. */
  readonly badKeys: Readonly<Record<string, Headers>>;
  /** A token of `own` with every scope but this one. */
  tokenWithout(scope: RequiredScope): Promise<Headers>;
  /** Another organization like the two, to be ended. */
  addVictim(): Promise<TwinOrganization>;
  /** Sends a request from an address that never asked before: the limit of failed attempts has tests of its own. */
  send(
    operation: { readonly method: string },
    target: string,
    request?: { readonly headers?: Headers; readonly body?: unknown },
  ): Promise<RawAnswer>;
};

export const bearer = (text: string): Headers => ({ authorization: `Bearer ${text}` });
export const asAdmin: Headers = { 'x-admin-key': TEST_ADMIN_KEY };
const PLAN = {
  planId: 'access',
  name: 'Access',
  concurrentCalls: 100,
  agents: 1_000,
  requestsPerMinute: 1_000_000,
  dailyDials: 0,
  storageBytes: 0,
  recordingRetentionDays: 90,
  textRetentionDays: 90,
};
const unknownOrganization: TwinOrganization = {
  organizationId: newId('organization'),
  agentIds: [newId('agent')],
  numberIds: [newId('number')],
  phoneIds: [newId('phone')],
  callIds: [newId('call')],
  conversationIds: [newId('chat')],
  documentIds: [newId('document')],
  serviceIds: [newId('bookingService')],
  staffIds: [newId('bookingStaff')],
  appointmentIds: [newId('appointment')],
  toolIds: [newId('httpTool')],
  messageIds: [newId('callerMessage')],
  contactIds: [newId('contact')],
  jobIds: [newId('job')],
  token: { tokenId: newId('apiToken'), text: makeTokenText() },
};

export async function openAccessFixture(test: TestDatabase): Promise<AccessFixture> {
  await using opened = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'centralita-no-access-'));
  opened.defer(() => rm(dir, { recursive: true, force: true }));
  const config = { trustedProxies: [NO_SOCKET_ADDRESS] };
  const api = opened.use(await openTestApi(test, { config, recordings: createRecordingStorage({ folder: dir }) }));
  const askAdmin = askAdminOf(api);
  await askAdmin('/admin/plans', { method: 'POST', body: PLAN });
  const add = (index: number) => addTwin({ askAdmin, database: test.database, recordingsDir: dir }, { index, planId: PLAN.planId });
  const [own, other, inactive] = [await add(1), await add(2), await add(3)];
  const badTokens = await makeBadTokens({ test, askAdmin }, { own, inactive });
  let requests = 0;
  let victims = 10;
  const running = opened.move();
  return {
    description: describeApi(await (await api.api.request('/openapi.json')).json()),
    askAdmin,
    own,
    other,
    unknown: unknownOrganization,
    badTokens,
    badKeys: {
      'no key': {},
      'an empty key': { 'x-admin-key': '' },
      'a wrong key': { 'x-admin-key': TEST_ADMIN_KEY.replace('0', '1') },
      'half of the key': { 'x-admin-key': TEST_ADMIN_KEY.slice(0, 20) },
      'the key as a token': bearer(TEST_ADMIN_KEY),
      "a client's token": bearer(own.token.text),
      "a client's token as the key": { 'x-admin-key': own.token.text },
    },
    async tokenWithout(scope) {
      const { text } = await addToken(
        askAdmin,
        own.organizationId,
        permissionScopes.filter((other_) => other_ !== scope),
      );
      return bearer(text);
    },
    addVictim: () => add((victims += 1)),
    async send({ method }, target, { headers = {}, body } = {}) {
      requests += 1;
      const from = { 'x-forwarded-for': `10.1.${Math.floor(requests / 250)}.${requests % 250}` };
      const content = contentOf(body);
      const response = await api.api.request(target, {
        method,
        headers: { ...from, ...content.contentType, ...headers },
        ...(content.body === undefined ? {} : { body: content.body }),
      });
      const text = (await response.text()).replace(/"requestId":"[^"]*"/, '');
      return { status: response.status, authenticate: response.headers.get('www-authenticate'), text };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function contentOf(body: unknown): { readonly body?: string | FormData; readonly contentType?: Headers } {
  if (body === undefined || body instanceof FormData) return body === undefined ? {} : { body };
  return { body: JSON.stringify(body), contentType: { 'content-type': 'application/json' } };
}

async function makeBadTokens(
  { test, askAdmin }: { test: TestDatabase; askAdmin: AskAdmin },
  { own, inactive }: { own: TwinOrganization; inactive: TwinOrganization },
): Promise<Record<string, Headers>> {
  const add = () => addToken(askAdmin, own.organizationId, permissionScopes);
  const [expired, revoked, rotated] = [await add(), await add(), await add()];
  await test.asSuperuser(
    `update api_tokens set created_at = now() - interval '91 days', expires_at = now() - interval '1 day' where id = '${expired.tokenId}'`,
  );
  await askAdmin(`/admin/tokens/${revoked.tokenId}/revoke`, { method: 'POST' });
  await askAdmin('/admin/tokens/rotate', { method: 'POST', body: { tokenId: rotated.tokenId } });
  await askAdmin(`/admin/organizations/${inactive.organizationId}/deactivate`, { method: 'POST' });
  const good = own.token.text;
  return {
    'no token': {},
    'an empty header': { authorization: '' },
    'no token after the scheme': { authorization: 'Bearer' },
    'a text that is no token': bearer('secret'),
    'a good token with another scheme': { authorization: `Basic ${good}` },
    'a good token cut short': bearer(good.slice(0, -1)),
    'a good token with a wrong checksum': bearer(`${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}`),
    'a token that nobody was given': bearer(makeTokenText()),
    'the admin key as a token': bearer(TEST_ADMIN_KEY),
    'the admin key': asAdmin,
    'an expired token': bearer(expired.text),
    'a revoked token': bearer(revoked.text),
    'a rotated token': bearer(rotated.text),
    'the token of an inactive organization': bearer(inactive.token.text),
  };
}

/** The operation's path with an organization's ids, or with others that `values` names. */
export function targetOf(operation: ApiOperation, organization: TwinOrganization, values: PathValues = {}): string {
  const ids: PathValues = {
    organizationId: organization.organizationId,
    agentId: organization.agentIds[0] ?? '',
    numberId: organization.numberIds[0] ?? '',
    phoneId: organization.phoneIds[0] ?? '',
    callId: organization.callIds[0] ?? '',
    conversationId: organization.conversationIds[0] ?? '',
    documentId: organization.documentIds[0] ?? '',
    serviceId: organization.serviceIds[0] ?? '',
    staffId: organization.staffIds[0] ?? '',
    appointmentId: organization.appointmentIds[0] ?? '',
    toolId: organization.toolIds[0] ?? '',
    messageId: organization.messageIds[0] ?? '',
    contactId: organization.contactIds[0] ?? '',
    jobId: organization.jobIds[0] ?? '',
    seq: '1',
    tokenId: organization.token.tokenId,
    version: '1',
    planId: 'no-such-plan',
    trunkId: newId('trunk'),
    ...values,
  };
  return operation.path.replaceAll(/{(.+?)}/g, (_braces, name: string) => ids[name] ?? '');
}
