/** For tests: the facts of a machine on which everything is as it should be, to change one thing of. */
import { readFileSync } from 'node:fs';
import { sampleHardware } from '#machine/sample-hardware.ts';
import { currentLink } from '#releases/release-store.ts';
import { readManifest } from '#models/manifest.ts';
import type { MachinePlan } from '#sizing/machine-plan.ts';
import { DEFAULT_WISHES, planSizing } from '#sizing/plan-sizing.ts';
import { describeAppliance } from './appliance.ts';
import { renderCommand } from './command-link.ts';
import type { Facts } from './facts.ts';
import { ownAddresses } from './own-addresses.ts';
import { SERVICE_NAMES } from './services.ts';
import { readSettings } from './settings.ts';
import { parseState } from './state.ts';
import type { ServiceState } from './supervisor.ts';

const root = {
  dir: '/srv/home/root',
  multiarch: 'x86_64-linux-gnu',
  users: { asterisk: { uid: 990, gid: 991 }, postgres: { uid: 992, gid: 993 }, prometheus: { uid: 994, gid: 995 } },
  versions: { asterisk: '1:22.10.1+dfsg', 'postgresql-18': '18.6-3' },
};

/** A Debian 12 with root's rights and nothing of ours on it. */
export function bareFacts(change: Partial<Facts> = {}): Facts {
  const gibibyte = 1024 ** 3;
  return {
    home: '/srv/home',
    repository: '/srv/checkout',
    release: { id: '1.0.0-aaaaaaaaaaaa', version: '1.0.0', dir: '/srv/home/releases/1.0.0-aaaaaaaaaaaa', isMade: false, current: null },
    hardware: change.hardware ?? sampleHardware(),
    sizing: sampleSizing(change.hardware ?? sampleHardware()),
    machine: {
      system: { id: 'debian', version: '12' },
      architecture: 'x64',
      cores: 2,
      memoryBytes: 8 * gibibyte,
      diskFreeBytes: 40 * gibibyte,
      containerEngine: null,
      missingPrograms: ['debootstrap', 'supervisord', 'supervisorctl'],
      hasSystemd: false,
    },
    settings: change.settings ?? defaultSettings(),
    takenPorts: [],
    missingFiles: [],
    user: null,
    root: null,
    secrets: null,
    secretFiles: [],
    hasExportsFolder: false,
    hasStateFolder: false,
    environmentText: '',
    enginesText: '',
    modelFolders: {},
    state: parseState(null),
    asteriskFiles: [],
    postgresFiles: [],
    monitoringFiles: [],
    supervisorFiles: [],
    sounds: [],
    hasCluster: false,
    bootUnitText: '',
    command: { text: '', link: 'free' },
    services: everyService('ABSENT'),
    digests: { code: 'code-1', migrations: 'migrations-1', prompts: 'prompts-1', demo: 'demo-1' },
    ...change,
  };
}

/** The same machine after a run, or another one. */
export function finishedFacts(change: Partial<Facts> = {}): Facts {
  const { hardware, machine } = bareFacts();
  const bare = bareFacts({
    hardware: change.hardware ?? hardware,
    machine: change.machine ?? machine,
    ...(change.sizing ? { sizing: change.sizing } : {}),
  });
  const grounds: Facts = {
    ...bare,
    machine: { ...bare.machine, missingPrograms: [] },
    user: { uid: 998, gid: 998 },
    root,
    secrets: {
      ari: 'ari-password',
      databaseMigrator: 'migrator-password',
      databaseApp: 'app-password',
      databaseMonitor: 'monitor-password',
      asteriskMetrics: 'metrics-password',
      testCaller: 'caller-password',
      grafana: 'grafana-password',
      phone: 'phone-password',
      adminKeyHash: 'ab'.repeat(32),
      secretKeys: { 1: 'cd'.repeat(32) },
      backupKey: 'AGE-SECRET-KEY-1SAMPLE',
    },
    release: { ...bare.release, isMade: true, current: bare.release.id },
    hasExportsFolder: true,
    hasStateFolder: true,
    command: { text: renderCommand({ ...bare, repository: currentLink(bare.home), root }), link: 'ours' },
    hasCluster: true,
    sounds: ['apology-es.sln'],
    services: everyService('RUNNING'),
  };
  const first = describeAppliance(grounds);
  if (!first) throw new Error('the sample lacks what an appliance is built on');
  // Settings are written once and then read back, so the second description is the lasting one.
  const written: Facts = { ...grounds, environmentText: first.environmentText };
  const appliance = describeAppliance(written) ?? first;
  return {
    ...written,
    secretFiles: appliance.secretFiles,
    asteriskFiles: appliance.asteriskFiles,
    postgresFiles: appliance.postgresFiles,
    monitoringFiles: appliance.monitoringFiles,
    supervisorFiles: appliance.supervisorFiles,
    state: {
      started: Object.fromEntries(appliance.services.map(({ name, digest }) => [name, digest])),
      addresses: ownAddresses(written.settings),
      databaseSetup: appliance.databaseSetup,
      migrations: 'migrations-1',
      prompts: 'prompts-1',
      demo: { digest: 'demo-1', answer: {} },
      releaseChange: null,
      testCall: { digest: appliance.digest, at: '2026-01-01T00:00:00.000Z', heard: ['a', 'b'] },
    },
    ...change,
  };
}

function everyService(state: ServiceState): Facts['services'] {
  return Object.fromEntries(SERVICE_NAMES.map((name) => [name, state])) as Facts['services'];
}

function defaultSettings(): Facts['settings'] {
  return readSettings(new Map(), '.env');
}

/** The plan of a machine without a model on it. */
function sampleSizing(hardware: Facts['hardware']): MachinePlan {
  const manifest = readManifest(readFileSync(new URL('../models.json', import.meta.url), 'utf8'));
  const plan = planSizing({ hardware, manifest, wishes: { ...DEFAULT_WISHES, installedModels: [] }, measured: null });
  return {
    hardware,
    plan,
    possible: planSizing({ hardware, manifest, wishes: DEFAULT_WISHES, measured: null }),
    calibration: null,
    modelsDigest: '',
  };
}
