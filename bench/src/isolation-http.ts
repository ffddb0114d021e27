/** One twin's tokens at every operation of the API, with every id, word and page of the other twin in every place that takes one. */
import type { ApiOperation } from '@centralita/control-plane/test/api-operations.ts';
import type { ApiAsk, ApiRig } from './api-rig.ts';
import { bodiesOf, namesOf, NAMING_QUERIES, nobody, PLAIN_PARAMETERS, queryValuesOf } from './isolation-requests.ts';
import type { Names } from './isolation-requests.ts';
import { essenceOf, secretIn, shownBy } from './isolation-tally.ts';
import type { IsolationTally } from './isolation-tally.ts';
import type { Twin, TwinIds } from './isolation-twins.ts';

export type HttpProbing = { readonly api: ApiRig; readonly tally: IsolationTally; readonly attacker: Twin; readonly victim: Twin };

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const parametersOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
const kinds = (ids: TwinIds) => Object.entries(ids) as [keyof TwinIds, readonly string[]][];
/** Tells addresses apart for the limit on failed attempts, which is not what is proved here; the rig's control plane believes them. */
let address = 0;
const anotherAddress = () => ({ 'x-forwarded-for': `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address++ & 255}` });

/** The path with its parameters filled: `values` first, then the twin's own, then plain ones. Throws for one that nobody knows. */
function fill(path: string, values: Readonly<Record<string, string>>, own: TwinIds): string {
  return path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name] ?? own[name as keyof TwinIds]?.[0] ?? PLAIN_PARAMETERS[name]?.[0];
    if (value === undefined) throw new Error(`the proof knows no value for the path parameter ${name}`);
    return encodeURIComponent(value);
  });
}

type Pair = {
  readonly theirs: string;
  readonly nobodys: string;
  readonly request: ApiAsk;
  readonly nobodysRequest?: ApiAsk;
  readonly asked: readonly string[];
};

/** Asks for the other's thing and for nobody's: the answers must be the same, no success, and hold nothing of the other. */
async function compare({ api, tally, victim }: HttpProbing, key: string, pair: Pair): Promise<void> {
  const { theirs, nobodys, request, nobodysRequest = request, asked } = pair;
  const answer = await api.ask(theirs, request);
  const plain = await api.ask(nobodys, nobodysRequest);
  const secret = secretIn(shownBy(answer), victim, theirs + JSON.stringify(request.body ?? ''));
  const where = `${request.method ?? 'GET'} ${theirs} ${JSON.stringify(request.body ?? null)}`;
  let leak: string | null = null;
  if (secret) leak = `${where}: shows ${secret}`;
  else if (essenceOf(answer, asked) !== essenceOf(plain, asked))
    leak = `${where}: told apart from nobody's: ${essenceOf(answer, asked)}\nagainst ${essenceOf(plain, asked)}`;
  tally.count(key, leak);
}

/** Asks for what is one's own, or for nothing in particular: the answer holds nothing of the other. */
async function look({ api, tally, victim }: HttpProbing, key: string, { path, ...request }: ApiAsk & { path: string }) {
  const answer = await api.ask(path, request);
  const secret = secretIn(shownBy(answer), victim, path + JSON.stringify(request.body ?? ''));
  tally.count(key, secret && `${request.method ?? 'GET'} ${path}: shows ${secret}`);
  return answer;
}

/** Every operation of the client API. Throws for one that the proof has no probe for. */
export async function probeClientOperation(probing: HttpProbing, operation: ApiOperation): Promise<void> {
  for (const token of Object.values(probing.attacker.tokens)) {
    await probeForeignIds(probing, operation, bearer(token));
    await probeForeignBodies(probing, operation, bearer(token));
    await probeQueries(probing, operation, bearer(token));
  }
}

function requestsOf(operation: ApiOperation, names: Names, headers: Readonly<Record<string, string>>): ApiAsk[] {
  const bodies = bodiesOf(operation.key, names);
  if (operation.body && !bodies) throw new Error(`the proof has no body for ${operation.key}: add one to isolation-requests.ts`);
  return (bodies ?? [undefined]).map((body) => ({ method: operation.method, headers, ...(body === undefined ? {} : { body }) }));
}

/** Each id of the other twin, of whatever kind, in each place of the path; with the attacker's own and the other's words in the body. */
async function probeForeignIds(probing: HttpProbing, operation: ApiOperation, headers: Readonly<Record<string, string>>): Promise<void> {
  const { attacker, victim } = probing;
  const unknown = nobody();
  for (const parameter of parametersOf(operation.path)) {
    if (PLAIN_PARAMETERS[parameter]) continue;
    const requests = [
      ...requestsOf(operation, namesOf(attacker), headers),
      ...(operation.body ? requestsOf(operation, namesOf(victim), headers) : []),
    ];
    for (const [kind, ids] of kinds(victim.ids)) {
      const nobodysId = unknown.ids[kind][0] ?? '';
      for (const id of ids)
        for (const request of requests) {
          const theirs = fill(operation.path, { [parameter]: id }, attacker.ids);
          const nobodys = fill(operation.path, { [parameter]: nobodysId }, attacker.ids);
          await compare(probing, operation.key, { theirs, nobodys, request, asked: [id, nobodysId] });
        }
    }
  }
}

/** One's own path, and the other's ids and words in the body; only bodies that name something of somebody differ. */
async function probeForeignBodies(probing: HttpProbing, operation: ApiOperation, headers: Readonly<Record<string, string>>): Promise<void> {
  const { attacker, victim } = probing;
  const path = fill(operation.path, {}, attacker.ids);
  const unknown = nobody();
  const nobodys = requestsOf(operation, unknown, headers);
  for (const [index, request] of requestsOf(operation, namesOf(victim), headers).entries()) {
    const plain = nobodys[index] ?? nobodys[0];
    const own = JSON.stringify(requestsOf(operation, namesOf(attacker), headers)[index]?.body);
    // A body without names is an ordinary write of one's own.
    if (!plain || request.body === undefined || JSON.stringify(request.body) === own) continue;
    const asked = [victim.canary, unknown.word, ...Object.values(victim.ids).flat(), ...Object.values(unknown.ids).flat()];
    // A word of the other is nobody's property: whoever writes it down owns it then, and sees it.
    if (JSON.stringify(request.body).includes(victim.canary)) continue;
    await compare(probing, operation.key, { theirs: path, nobodys: path, request, nobodysRequest: plain, asked });
  }
}

/** Filters, sorts, searches and pages. */
async function probeQueries(probing: HttpProbing, operation: ApiOperation, headers: Readonly<Record<string, string>>): Promise<void> {
  const { api, attacker, victim } = probing;
  if (operation.method !== 'GET') return;
  const path = fill(operation.path, {}, attacker.ids);
  const names = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  await look(probing, operation.key, { path, headers });
  const sorts = names.includes('sort') ? ['', ...(queryValuesOf('sort', namesOf(victim)) ?? [])] : [''];
  for (const name of names) {
    if (name === 'cursor') continue;
    const values = queryValuesOf(name, namesOf(victim));
    if (!values)
      throw new Error(`the proof has no value for the query parameter ${name} of ${operation.key}: add one to isolation-requests.ts`);
    const unknown = queryValuesOf(name, nobody()) ?? [];
    for (const sort of sorts)
      for (const [index, value] of values.entries()) {
        const ask = (text: string) =>
          `${path}?${new URLSearchParams({ ...(sort && name !== 'sort' ? { sort } : {}), [name]: text }).toString()}`;
        const nobodys = unknown[index] ?? unknown[0] ?? '';
        if (NAMING_QUERIES.has(name))
          await compare(probing, operation.key, {
            theirs: ask(value),
            nobodys: ask(nobodys),
            request: { headers },
            asked: [value, nobodys],
          });
        else await look(probing, operation.key, { path: ask(value), headers });
      }
  }
  if (!names.includes('cursor') || operation.path.includes('{')) return;
  for (const sort of sorts) {
    const query = { limit: '1', ...(sort ? { sort } : {}) };
    const page = await api.ask(`${operation.path}?${new URLSearchParams(query).toString()}`, { headers: bearer(victim.tokens.full) });
    const cursor = (page.body as { nextCursor?: unknown }).nextCursor;
    // A list of one has no second page.
    if (typeof cursor !== 'string') continue;
    for (const limit of ['1', '2', '100'])
      await look(probing, operation.key, {
        path: `${operation.path}?${new URLSearchParams({ ...query, limit, cursor }).toString()}`,
        headers,
      });
  }
}

/** Every operation of the admin with an organization's token, in both headers: refused, the same whatever it names. */
export async function probeAdminOperation(probing: HttpProbing, operation: ApiOperation): Promise<void> {
  const { attacker, victim } = probing;
  const unknown = nobody();
  const { reporting, full } = attacker.tokens;
  const credentials = [bearer(reporting), bearer(full), { 'x-admin-key': full }, { ...bearer(full), 'x-admin-key': victim.canary }];
  const parameters = parametersOf(operation.path).filter((name) => !PLAIN_PARAMETERS[name]);
  for (const credential of credentials)
    for (const names of [namesOf(victim), namesOf(attacker)]) {
      const values = Object.fromEntries(parameters.map((name) => [name, names.ids[name as keyof TwinIds]?.[0] ?? '']));
      const plain = Object.fromEntries(parameters.map((name) => [name, unknown.ids[name as keyof TwinIds]?.[0] ?? '']));
      for (const request of requestsOf(operation, names, {})) {
        const [theirs, nobodys] = [fill(operation.path, values, attacker.ids), fill(operation.path, plain, attacker.ids)];
        const sent = { ...request, headers: { ...credential, ...anotherAddress() } };
        const asked = [...Object.values(values), ...Object.values(plain)];
        await compare(probing, operation.key, {
          theirs,
          nobodys,
          request: sent,
          nobodysRequest: { ...sent, headers: { ...credential, ...anotherAddress() } },
          asked,
        });
        const answer = await probing.api.ask(theirs, { ...sent, headers: { ...credential, ...anotherAddress() } });
        probing.tally.count(operation.key, answer.status === 401 ? null : `${operation.key} answers ${answer.status} to a token`);
      }
    }
}

/** The admin at work on one organization: lists narrowed to it hold nothing of the other. */
export async function probeAdminNarrowed(probing: HttpProbing, operation: ApiOperation, adminKey: string): Promise<void> {
  const { attacker, victim } = probing;
  if (operation.method !== 'GET') return;
  const headers = { 'x-admin-key': adminKey };
  const names = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const narrowing = ['organizationId', 'chain'].find((name) => names.includes(name));
  if (!narrowing && !operation.path.includes('{organizationId}')) return;
  const path = fill(operation.path, {}, attacker.ids);
  const narrow = narrowing ? { [narrowing]: attacker.organizationId } : {};
  await look(probing, operation.key, { path: `${path}?${new URLSearchParams(narrow).toString()}`, headers });
  for (const name of names.filter((each) => each !== 'cursor' && each !== narrowing))
    for (const value of queryValuesOf(name, namesOf(victim)) ?? [])
      await look(probing, operation.key, { path: `${path}?${new URLSearchParams({ ...narrow, [name]: value }).toString()}`, headers });
}

/** What anybody may see tells nothing of any organization, whoever asks. */
export async function probePublicOperation(probing: HttpProbing, operation: ApiOperation): Promise<void> {
  for (const headers of [{}, bearer(probing.attacker.tokens.full), bearer(probing.victim.tokens.full)]) {
    await look(probing, operation.key, { path: operation.path, headers });
    await look({ ...probing, victim: probing.attacker }, operation.key, { path: operation.path, headers });
  }
}
