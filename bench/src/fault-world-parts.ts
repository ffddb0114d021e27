/** What the world of the faults is made of: its API, its organizations, its small disk, and programs started beside the rig's. */
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@centralita/provision/command.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import type { OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { addOrganization } from '@centralita/e2e/rig-seed.ts';
import { RIG_ADMIN_KEY } from '@centralita/e2e/rig.ts';
import type { Rig } from '@centralita/e2e/rig.ts';
import { startProcess, waitUntilReady } from '@centralita/e2e/rig-process.ts';
import type { RigProcess } from '@centralita/e2e/rig-process.ts';
import { faultAgents, SHOP_TOOL } from './fault-agents.ts';
import type { FaultAgentName } from './fault-agents.ts';

const CONTROL_PLANE = join(import.meta.dirname, '..', '..', 'apps', 'control-plane', 'src');

/** An answer of the API. */
export type FaultAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
};
export type FaultAsk = { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | FormData };

export type FaultApi = {
  readonly url: string;
  readonly ask: (path: string, request?: FaultAsk) => Promise<FaultAnswer>;
  readonly asAdmin: (path: string, request?: { method?: string; body?: unknown }) => Promise<FaultAnswer>;
};

/** Asks the API of the world. */
export function openFaultApi(url: string): FaultApi {
  // A connection that is kept for the next request would look like a leak.
  const ask: FaultApi['ask'] = async (path, request = {}) =>
    answerOf(await fetch(`${url}${path}`, { ...request, headers: { ...request.headers, connection: 'close' } }));
  return {
    url,
    ask,
    async asAdmin(path, { method = 'GET', body } = {}) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      return await ask(path, { method, headers: { 'X-Admin-Key': RIG_ADMIN_KEY, 'content-type': 'application/json' }, ...sent });
    },
  };
}

/** A disk of its own in memory, unmounted at the end. Needs the privileges that the rig needs too. */
export async function openSmallDisk(
  opened: AsyncDisposableStack,
  { folder, bytes }: { readonly folder: string; readonly bytes: number },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await runCommand(['mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tmpfs', folder], { timeoutMs: 10_000 });
  opened.defer(async () => void (await runCommand(['umount', '--lazy', folder], { timeoutMs: 10_000 })));
  return folder;
}

/** One organization for each agent. */
export async function addFaultAgents(database: Database): Promise<Readonly<Record<FaultAgentName, OrganizationId>>> {
  const made: [string, OrganizationId][] = [];
  for (const [name, [number, draft]] of Object.entries(faultAgents))
    made.push([name, await addOrganization(database, { name: `Fault ${name.toLowerCase()} ${number}`, number, draft })]);
  return Object.fromEntries(made) as Readonly<Record<FaultAgentName, OrganizationId>>;
}

/** The token of the shop, its agent, and the tool that reaches the shop's own system. */
export async function openShopAccess(
  { ask, asAdmin }: FaultApi,
  { organization, shopUrl }: { organization: OrganizationId; shopUrl: string },
): Promise<{ shopToken: string; shopAgent: string }> {
  const made = await asAdmin(`/admin/organizations/${organization}/tokens`, { method: 'POST', body: { name: 'faults', preset: 'full' } });
  const shopToken = String(made.body['token']);
  const headers = { authorization: `Bearer ${shopToken}`, 'content-type': 'application/json' };
  const { agents } = (await ask('/agents', { headers })).body as { agents: { agentId: string }[] };
  const shopAgent = agents[0]?.agentId ?? '';
  const parameters = { type: 'object', properties: { number: { type: 'integer', description: 'Its number' } }, required: ['number'] };
  const tool = {
    name: SHOP_TOOL,
    description: 'Registers an order of the shop',
    effect: 'write',
    method: 'POST',
    url: `${shopUrl}/orders`,
    parameters,
  };
  const defined = await ask(`/agents/${shopAgent}/http-tools`, { method: 'POST', headers, body: JSON.stringify(tool) });
  if (defined.status !== 201) throw new Error(`the shop's tool was not taken: ${defined.text}`);
  return { shopToken, shopAgent };
}

async function answerOf(response: Response): Promise<FaultAnswer> {
  const text = await response.text();
  let body: FaultAnswer['body'] = {};
  try {
    body = JSON.parse(text) as FaultAnswer['body'];
  } catch {
    // No JSON: `text` says what it is.
  }
  return { status: response.status, headers: response.headers, text, body };
}

/** What a running process was started with. */
export async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8');
  return Object.fromEntries(
    text
      .split('\0')
      .flatMap((entry) => (entry.includes('=') ? [[entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]] : [])),
  );
}

/** A second control plane with the environment of the first, on its own port and folder. */
export async function startTwin(rig: Rig): Promise<RigProcess> {
  const stateDir = join(rig.instance.dir, 'twin-state');
  await mkdir(stateDir, { recursive: true });
  const env = { ...(await environmentOf(rig.controlPlane.pid)), HTTP_PORT: String(rig.ports.secondHttp), STATE_DIR: stateDir };
  const logFile = join(rig.instance.dir, 'logs', 'second-control-plane.log');
  const twin = startProcess({ name: 'twin', argv: [process.execPath, join(CONTROL_PLANE, 'boot.ts')], env, logFile });
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${rig.ports.secondHttp}/health/ready`)).ok;
  await waitUntilReady(twin, isReady, 40_000);
  return twin;
}

/** Runs one of the control plane's files to its end. */
export async function runProgram(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ exitCode: number | null; output: string }> {
  const [file = '', ...rest] = argv;
  const child = spawn(process.execPath, [join(CONTROL_PLANE, file), ...rest], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { exitCode, output };
}
