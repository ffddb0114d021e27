/** What benches and proofs of the HTTP API share: the product on real Asterisk and PostgreSQL, asked over real sockets; no telephone calls are placed. */
import { databaseUrl } from '@centralita/provision/instance.ts';
import { RIG_ADMIN_KEY, openRig } from '@centralita/e2e/rig.ts';
import type { Rig } from '@centralita/e2e/rig.ts';
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { BASE_PORT, modelTimes, nodeFlags } from './bench-rig.ts';
import { openModelStandInProcess } from './model-stand-in-process.ts';

/** In words, for an output. */
export const apiStandIns = [
  'models are a stand-in in a process of its own, which nobody asks: no call is placed; control plane, PostgreSQL and Asterisk are real, each its own process, asked over the loopback',
];

/** An answer: its body is parsed when it is JSON; empty when there is none. */
export type ApiAnswer = { readonly status: number; readonly headers: Headers; readonly body: unknown };
/** A request: an object as body goes as JSON, a form as multipart. */
export type ApiAsk = { readonly method?: string; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

/** Disposing it ends all processes. */
export type ApiRig = AsyncDisposable & {
  readonly rig: Rig;
  /** Such as `http://127.0.0.1:17808`. */
  readonly url: string;
  /** As the application's role: row-level security holds. */
  readonly database: Database;
  /** Sends a request with just these headers. */
  ask(path: string, request?: ApiAsk): Promise<ApiAnswer>;
  /** The same with the admin key; throws with the answer when it is no success. */
  asAdmin(path: string, request?: ApiAsk): Promise<Record<string, unknown>>;
};

/** A form's media type names its boundary, which is for the client to choose. */
function sentAs(body: unknown, headers: Readonly<Record<string, string>>) {
  if (body === undefined) return {};
  if (body instanceof FormData) return { body };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
}

/** `settings` are the control plane's, besides the rig's own. */
export type ApiRigOptions = { readonly name: string; readonly settings?: Readonly<Record<string, string>> };

/** Starts everything; takes some seconds. `name` names the instance's folder. */
export async function openApiRig(options: ApiRigOptions): Promise<ApiRig> {
  await using opened = new AsyncDisposableStack();
  const standIn = opened.use(await openModelStandInProcess({ ...modelTimes, heard: 'frase {n}', reply: 'Respuesta {n}. ' }));
  const rig = opened.use(
    await openRig({
      name: `bench-${options.name}`,
      basePort: BASE_PORT,
      ...(options.settings ? { settings: options.settings } : {}),
      models: { speechToText: standIn.url, textToSpeech: standIn.url, languageModel: standIn.url },
      nodeFlags: nodeFlags(),
    }),
  );
  const database = opened.use(await openDatabase({ kind: 'server', url: databaseUrl(rig.instance, 'app') }));
  const url = `http://127.0.0.1:${rig.ports.http}`;
  const ask: ApiRig['ask'] = async (path, { method = 'GET', body, headers = {} } = {}) => {
    const response = await fetch(`${url}${path}`, { method, headers, ...sentAs(body, headers) });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text };
  };
  const running = opened.move();
  return {
    rig,
    url,
    database,
    ask,
    async asAdmin(path, request = {}) {
      const answer = await ask(path, { ...request, headers: { 'X-Admin-Key': RIG_ADMIN_KEY, ...request.headers } });
      if (answer.status >= 300) throw new Error(`${request.method ?? 'GET'} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
