/** Where faults are tried: the whole product, real, with wires that can be cut between its parts, models that do as they are told, and callers. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@centralita/provision/command.ts';
import { DATABASE, DATABASE_ROLES, databaseUrl } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import type { OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { openRig } from '@centralita/e2e/rig.ts';
import type { Rig } from '@centralita/e2e/rig.ts';
import { RIG_PASSWORDS, rigPorts } from '@centralita/e2e/rig-ports.ts';
import type { RigProcess } from '@centralita/e2e/rig-process.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import type { SipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { BASE_PORT } from './bench-rig.ts';
import { callerSentences } from './caller-speech.ts';
import { faultAgents } from './fault-agents.ts';
import type { FaultAgentName } from './fault-agents.ts';
import { openFaultModels } from './fault-models-process.ts';
import type { FaultModels } from './fault-models-process.ts';
import { openFaultServer } from './fault-servers.ts';
import type { FaultServer } from './fault-servers.ts';
import type { Trial } from './fault-trial.ts';
import { addFaultAgents, environmentOf, openFaultApi, openShopAccess, openSmallDisk, runProgram, startTwin } from './fault-world-parts.ts';
import type { FaultApi } from './fault-world-parts.ts';
import { openWire } from './fault-wire.ts';
import type { Wire } from './fault-wire.ts';

/** Disposing ends all processes. */
export type FaultWorld = AsyncDisposable &
  FaultApi & {
    readonly rig: Rig;
    /** Past the wire: what the suite itself reads is never cut. */
    readonly database: Database;
    readonly models: FaultModels;
    /** Between the control plane and Asterisk, and between it and PostgreSQL. */
    readonly wires: { readonly asterisk: Wire; readonly database: Wire };
    readonly shop: FaultServer;
    readonly receiver: FaultServer;
    readonly caller: SipCaller;
    readonly sentences: readonly Int16Array[];
    /** Settings of the control plane from its next start on. */
    readonly settings: Record<string, string>;
    readonly stateDir: string;
    readonly organizations: Readonly<Record<FaultAgentName, OrganizationId>>;
    /** A token with every scope of the shop's organization, and the agent there. */
    readonly shopToken: string;
    readonly shopAgent: string;
    /** Places a call without waiting for its outcome; hung up with the trial. */
    place(trial: Trial, agent: FaultAgentName): Promise<SipCall>;
    /** As PostgreSQL's superuser. */
    sql(text: string): Promise<string>;
    /** Stops the control plane and starts it with the settings as they are. */
    restart(signal?: NodeJS.Signals): Promise<void>;
    /** Of the tables' owner. */
    readonly migrationUrl: string;
    /** Starts another control plane with the same environment but for its port and its folder; it takes the calls. */
    startTwin(): Promise<RigProcess>;
    /** Runs a command of ours with the control plane's environment and these differences; answers when it has ended. */
    runAsControlPlane(
      argv: readonly string[],
      differing: Readonly<Record<string, string>>,
    ): Promise<{ readonly exitCode: number | null; readonly output: string }>;
  };

const CALLER_RTP_PORTS = { from: 28_000, to: 29_998 };
/** Where the wires listen, from the bench's first port. */
const WIRE_PORTS = { asterisk: 850, database: 851 };
/** Room for the state of the control plane and of nothing else: it must be possible to fill it. */
const STATE_BYTES = 64 * 1_048_576;
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** No call of a trial is longer. */
const CALL_MS = 120_000;

export async function openFaultWorld(): Promise<FaultWorld> {
  await using opened = new AsyncDisposableStack();
  const around = await openSurroundings(opened);
  const { models, shop, settings } = around;
  const rig = opened.use(
    await openRig({
      name: 'bench-faults',
      basePort: BASE_PORT,
      models: { speechToText: models.url, textToSpeech: models.url, languageModel: models.url },
      settings,
    }),
  );
  const database = opened.use(await openDatabase({ kind: 'server', url: databaseUrl(rig.instance, 'app') }));
  const organizations = await addFaultAgents(database);
  const server = { host: '127.0.0.1', port: rig.ports.sip };
  const caller = opened.use(await openSipCaller({ server, rtpPorts: CALLER_RTP_PORTS, username: 'bench' }));
  const api = openFaultApi(`http://127.0.0.1:${rig.ports.http}`);
  const access = await openShopAccess(api, { organization: organizations.shop, shopUrl: shop.url });
  const running = opened.move();
  return {
    ...around,
    ...api,
    ...access,
    rig,
    database,
    caller,
    sentences: await callerSentences(),
    organizations,
    place: async (trial, agent) =>
      trial.keep(await caller.call(faultAgents[agent][0], { signal: AbortSignal.timeout(CALL_MS), record: false, from: `fault-${agent}` })),
    sql: (text) => runCommand(psqlCommand(rig.instance, DATABASE), { input: text, timeoutMs: 60_000 }),
    async restart(signal = 'SIGTERM') {
      await rig.controlPlane.stop(signal, 10_000);
      await rig.startControlPlane();
    },
    runAsControlPlane: async (argv, differing) => runProgram(argv, { ...(await environmentOf(rig.controlPlane.pid)), ...differing }),
    migrationUrl: databaseUrl(rig.instance, 'migrator'),
    startTwin: async () => running.use(await startTwin(rig)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Everything that the control plane reaches, but for the rig itself. */
async function openSurroundings(
  opened: AsyncDisposableStack,
): Promise<Pick<FaultWorld, 'models' | 'wires' | 'shop' | 'receiver' | 'stateDir' | 'settings'>> {
  const ports = rigPorts(BASE_PORT);
  const models = opened.use(await openFaultModels(ports.inference));
  const wires = {
    asterisk: opened.use(await openWire({ port: BASE_PORT + WIRE_PORTS.asterisk, target: ports.ari })),
    database: opened.use(await openWire({ port: BASE_PORT + WIRE_PORTS.database, target: ports.postgres })),
  };
  const shop = opened.use(await openFaultServer('{"registered":true}'));
  const receiver = opened.use(await openFaultServer('ok'));
  const stateDir = await openSmallDisk(opened, { folder: join(tmpdir(), `centralita-fault-state-${process.pid}`), bytes: STATE_BYTES });
  const settings: Record<string, string> = {
    ASTERISK_URL: `http://127.0.0.1:${BASE_PORT + WIRE_PORTS.asterisk}`,
    DATABASE_URL: `postgres://${DATABASE_ROLES.app}:${RIG_PASSWORDS.databaseApp}@127.0.0.1:${BASE_PORT + WIRE_PORTS.database}/${DATABASE}`,
    STATE_DIR: stateDir,
    HTTP_TOOL_ALLOWED_NETWORKS: '127.0.0.1/32',
    // A stop for all is a fault of its own here; the others must not run into it.
    GLOBAL_STOP_AFTER_FAILED_CALLS: '0',
    ADMIN_WEBHOOK_URL: receiver.url,
    ADMIN_WEBHOOK_SECRET: WEBHOOK_SECRET,
    TRUSTED_PROXIES: '127.0.0.1',
  };
  return { models, wires, shop, receiver, stateDir, settings };
}
