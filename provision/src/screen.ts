/** The end of a run: what is running and why it is so, how to use it, how to go back. One description, which the terminal and `--json` tell alike. */
import { networkInterfaces } from 'node:os';
import { backupsFolder } from '#backup/backup-files.ts';
import { describeConfigured, withServersElsewhere } from '#cpu-engines/configured-engines.ts';
import type { ConfiguredEngines } from '#cpu-engines/configured-engines.ts';
import type { Look } from '#lifecycle/look.ts';
import { admitCalls } from '#sizing/admitted-calls.ts';
import { possibleBeyond } from '#sizing/describe-sizing.ts';
import { toGib } from './gibibytes.ts';
import { commandPath } from './command-link.ts';
import { parseDemo } from './demo-step.ts';
import type { Demo } from './demo-step.ts';
import type { Facts } from './facts.ts';
import { apiUrl } from './health.ts';
import { describeKept } from './own-addresses.ts';
import { describeFinding } from './place.ts';
import type { Finding } from './place.ts';
import { LOST_KEYS_WARNING } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import type { TestCallRecord } from './state.ts';

/** Everything that is told at the end of a run. */
export type Installation = {
  readonly kind: 'installed';
  readonly runtime: 'native' | 'docker';
  readonly server: { readonly name: string; readonly home: string; readonly release: string };
  readonly hardware: string;
  readonly profile: { readonly name: string; readonly why: string };
  readonly models: readonly {
    readonly role: string;
    readonly name: string;
    readonly precision: string;
    readonly gpu: string | null;
    readonly vramBytes: number;
  }[];
  /** What more the machine could be, once its models are fetched; null when that is what it is. */
  readonly possible: string | null;
  readonly engines: ConfiguredEngines;
  /** Servers of models that the operator named in `.env` himself. */
  readonly kept: Look['kept'];
  /** What is admitted, which term binds, the sums of all of them, and what the machine measured of itself. */
  readonly capacity: {
    readonly calls: number;
    readonly binding: string;
    readonly terms: readonly { readonly name: string; readonly calls: number; readonly arithmetic: string }[];
    readonly measured: { readonly calls: number; readonly at: string } | null;
  };
  readonly addresses: { readonly api: string; readonly sip: string; readonly transport: 'UDP' };
  /** Shown once; null when an earlier run showed it. */
  readonly adminKey: string | null;
  readonly phone: { readonly user: string; readonly password: string; readonly extension: string; readonly name: string } | null;
  readonly agents: Demo['agents'];
  readonly organization: string;
  readonly testCall: { readonly at: string; readonly heard: readonly string[] };
  readonly command: string;
  readonly trunkNextStep: string;
  /** Where what lies. */
  readonly files: string;
  /** Where it is, or why there is none; null where the runtime has none. */
  readonly grafana: string | null;
  readonly backups: string;
  readonly rollback: string;
  readonly uninstall: string;
  readonly warnings: readonly Finding[];
  readonly changes: number;
  readonly seconds: number;
};

export type InstallationParts = {
  readonly facts: Facts;
  readonly secrets: Secrets;
  readonly look: Pick<Look, 'machineLine' | 'kept' | 'warnings'>;
  /** The run began without the secret keys that the installation had. */
  readonly hasLostKeys: boolean;
  readonly changes: number;
  readonly elapsedMs: number;
  /** What another runtime than the native one tells otherwise. */
  readonly told?: Partial<Pick<Installation, 'runtime' | 'engines' | 'addresses' | 'files' | 'grafana' | 'backups'>>;
};

/** Puts together what is told. Throws when the demo or the test call is missing: a bug in the steps. */
export function describeInstallation({ facts, secrets, look, told, ...run }: InstallationParts): Installation {
  const { settings, home, state } = facts;
  const testCall: TestCallRecord | undefined = state.testCall;
  if (!testCall) throw new Error('the test call is missing after all steps: a bug in the steps');
  const demo = parseDemo(state.demo?.answer);
  const phone = demo.phones[0];
  const command = facts.command.link === 'ours' ? 'centralita' : commandPath(home);
  return {
    kind: 'installed',
    runtime: 'native',
    server: { name: settings.SERVER_NAME, home, release: facts.release.id },
    hardware: look.machineLine,
    ...describeSizing(facts),
    engines: withServersElsewhere(describeConfigured(facts), look.kept),
    kept: look.kept,
    addresses: { api: apiUrl(facts), sip: `${sipAddress(settings.BIND_ADDRESS)}:${settings.SIP_PORT}`, transport: 'UDP' },
    adminKey: secrets.adminKey ?? null,
    phone: phone ? { user: phone.username, password: secrets.phone, extension: phone.extension, name: phone.displayName } : null,
    agents: demo.agents,
    organization: demo.organization.name,
    testCall: { at: testCall.at, heard: testCall.heard },
    command,
    trunkNextStep: `${command} trunk add --help, then ${command} number add --help`,
    files: `${home}: settings in .env, logs in log/, recordings in instances/appliance/recordings`,
    grafana: null,
    backups: `${backupsFolder(home)}   (make one now: ./provision.sh --backup)`,
    rollback: './provision.sh --rollback (after an --upgrade)',
    uninstall: './provision.sh --uninstall (keeps the data; --purge SERVER_NAME removes it too)',
    warnings: [...(run.hasLostKeys ? [LOST_KEYS] : []), ...look.warnings],
    changes: run.changes,
    seconds: Math.round(run.elapsedMs / 100) / 10,
    ...told,
  };
}

/** The profile, its models and its calls, as the sizing planned or the machine measured them. */
function describeSizing(facts: Facts): Pick<Installation, 'profile' | 'models' | 'possible' | 'capacity'> {
  const { plan, calibration } = facts.sizing;
  const beyond = possibleBeyond(facts.sizing);
  return {
    profile: { name: plan.profile, why: plan.why },
    models: plan.models.map(({ role, name, precision, gpuUuid, vramBytes }) => ({ role, name, precision, gpu: gpuUuid, vramBytes })),
    possible:
      beyond === null
        ? null
        : `profile ${beyond.profile} with ${beyond.models.map(({ name }) => name).join(', ')}: ./provision.sh --models fetches and serves them`,
    capacity: {
      calls: admitCalls(facts).calls,
      binding: plan.binding,
      terms: plan.terms,
      measured: calibration && plan.isMeasured ? { calls: calibration.maxConcurrentCalls, at: calibration.at } : null,
    },
  };
}

const LOST_KEYS: Finding = { name: 'secret keys', reason: LOST_KEYS_WARNING, fix: 'put a copy of either file back and run again' };

/** Renders the screen. */
export function renderScreen(installation: Installation): string {
  const rows = [...describeMachineRows(installation), ...describeUseRows(installation), ...describeCareRows(installation)];
  const width = Math.max(...rows.map(([label]) => label.length));
  const summary = `${installation.changes} ${installation.changes === 1 ? 'change' : 'changes'}, ${installation.seconds.toFixed(1)} s`;
  const place = installation.runtime === 'docker' ? 'runs in containers' : 'is running';
  return ['', `Centralita ${place} (${summary}).`, '', ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`), ''].join('\n');
}

type Row = readonly [label: string, text: string];

function describeMachineRows({ server, hardware, profile, models, possible, engines, kept, capacity }: Installation): readonly Row[] {
  const measured =
    capacity.measured === null ? 'not measured: run centralita calibrate' : `${capacity.measured.calls} measured ${capacity.measured.at}`;
  return [
    ['Server', `${server.name}, release ${server.release}`],
    ['Hardware', hardware],
    ['Profile', `${profile.name}: ${profile.why}`],
    ...models.map((model): Row => ['Model', describeModel(model)]),
    ...(possible === null ? [] : [['Possible', possible] satisfies Row]),
    ['Voice', engines.voice],
    ['Recognition', engines.recognition],
    ['LLM', engines.languageModel],
    ...kept.map((address): Row => ['Yours', describeKept(address)]),
    ['Calls at once', `${capacity.calls}, bound by ${capacity.binding}; ${measured}`],
    ...capacity.terms.map(({ name, arithmetic }): Row => ['', `${name}: ${arithmetic}`]),
  ];
}

function describeModel({ role, name, precision, gpu, vramBytes }: Installation['models'][number]): string {
  const place = gpu === null ? 'on the processor' : `${toGib(vramBytes)} GiB of ${gpu}`;
  return `${role}: ${name}, ${precision}, ${place}`;
}

function describeUseRows({ addresses, adminKey, phone, agents, organization, testCall }: Installation): readonly Row[] {
  const [host = '', port = ''] = addresses.sip.split(/:(?=\d+$)/);
  return [
    ['API', addresses.api],
    [
      'Admin key',
      adminKey === null
        ? 'shown once, only its hash is kept; ./provision.sh new-admin-key makes another'
        : `${adminKey}  (header X-Admin-Key; shown this once)`,
    ],
    ...(phone
      ? ([
          ['Softphone', `server ${host}, port ${port} ${addresses.transport}, user ${phone.user}, password ${phone.password}`],
          ['', `extension ${phone.extension}, ${phone.name}`],
        ] satisfies Row[])
      : []),
    ...agents.map((agent): Row => [`Dial ${agent.number}`, `${agent.name} (${agent.language}), ${organization}`]),
    ['Test call', `passed ${testCall.at}; heard:`],
    ...testCall.heard.map((text): Row => ['', `"${text}"`]),
  ];
}

function describeCareRows({
  command,
  trunkNextStep,
  files,
  grafana,
  backups,
  rollback,
  uninstall,
  warnings,
}: Installation): readonly Row[] {
  return [
    ['Command', `${command} --help   (log in once: … login)`],
    ['Next: trunk', trunkNextStep],
    ['Stop', './provision.sh stop   (also: start, status, logs [service])'],
    ['Files', files],
    ...(grafana === null ? [] : [['Grafana', grafana] satisfies Row]),
    ['Backups', backups],
    ['Go back', rollback],
    ['Uninstall', uninstall],
    ...warnings.map((warning): Row => ['WARNING', describeFinding(warning)]),
  ];
}

/** The address a telephone on the network would use: the one that SIP is bound to, or the machine's first. */
function sipAddress(bindAddress: string): string {
  if (bindAddress !== '0.0.0.0') return bindAddress;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1';
}
