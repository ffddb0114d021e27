/** What our programs make of a recorded machine: what they find, what they plan, what they write into `.env`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { describeAppliance } from '#appliance.ts';
import { renderBootUnit } from '#boot-step.ts';
import { runChecks } from '#doctor/check.ts';
import { MACHINE_CHECKS } from '#doctor/machine-checks.ts';
import { parseEnvFile } from '#env-file.ts';
import type { Facts } from '#facts.ts';
import { listFindings } from '#lifecycle/obstacles.ts';
import { summarizeHardware } from '#machine-facts.ts';
import { detectHardware } from '#machine/detect-hardware.ts';
import type { Hardware } from '#machine/hardware.ts';
import type { Host } from '#machine/host.ts';
import { inspectHost } from '#machine/inspect-host.ts';
import { readManifest } from '#models/manifest.ts';
import type { Manifest } from '#models/manifest.ts';
import { describeFinding } from '#place.ts';
import { planSteps } from '#plan.ts';
import { bareFacts, finishedFacts } from '#sample-facts.ts';
import { listPorts, readSettings } from '#settings.ts';
import { describeSizing } from '#sizing/describe-sizing.ts';
import { DEFAULT_WISHES, planSizing } from '#sizing/plan-sizing.ts';
import { describeLimits, limitServers, rtpPortsOf } from '#sizing/server-limits.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { steps } from '#steps.ts';
import { openRecordedMachine } from './recorded-machine.ts';
import type { RecordedMachine } from './recorded-machine.ts';

export type Outcome = {
  readonly hardware: Hardware;
  readonly host: Host;
  /** With every model of the manifest that fits. */
  readonly sizing: SizingPlan;
  /** Time of the whole look. */
  readonly ms: number;
};

/** The manifest of the product. */
export async function readProductManifest(): Promise<Manifest> {
  return readManifest(await readFile(resolve(import.meta.dirname, '..', '..', '..', 'models.json'), 'utf8'));
}

/** Runs the real probes over the machine, and plans for it. */
export async function tryMachine(machine: RecordedMachine, manifest: Manifest, signal: AbortSignal): Promise<Outcome> {
  await using open = await openRecordedMachine(machine);
  const settings = readSettings(parseEnvFile(machine.settings), '.env');
  const ports = listPorts(settings);
  const rtp = rtpPortsOf(settings);
  const isOurPort = (port: number, kind: string): boolean =>
    ports.some((wanted) => wanted.port === port && wanted.kind === kind) || (port >= rtp.first && port <= rtp.last);
  const place = { home: open.home, env: open.source.env, source: open.source, signal };
  const startedAtMs = performance.now();
  const [hardware, host] = await Promise.all([detectHardware(place), inspectHost({ ...place, isOurPort })]);
  const ms = performance.now() - startedAtMs;
  return { hardware, host, ms, sizing: planSizing({ hardware, manifest, wishes: DEFAULT_WISHES, measured: null }) };
}

/** The steps' facts on such a machine, with what of ours is on it and the models fetched. */
export function describeFacts(recorded: RecordedMachine, { hardware, host, sizing }: Outcome): Facts {
  const { installation, settings: environmentText } = recorded;
  const settings = readSettings(parseEnvFile(environmentText), '.env');
  const machine = { ...summarizeHardware(hardware), missingPrograms: [], hasSystemd: hardware.system.virtualization !== 'container' };
  const seen = { hardware, machine, sizing: { hardware, plan: sizing, possible: sizing, calibration: null, modelsDigest: '' } };
  const installed = finishedFacts(seen);
  const finished = { ...installed, bootUnitText: renderBootUnit(installed) };
  switch (installation) {
    case 'finished':
      return finished;
    case 'older':
      return { ...finished, digests: { ...finished.digests, code: 'code-2', migrations: 'migrations-2' } };
    case 'half':
      return bareFacts({ ...seen, secrets: finished.secrets, user: finished.user });
    case 'none': {
      const takenPorts = listPorts(settings).filter(({ port, kind }) =>
        host.listeners.some((each) => each.port === port && each.kind === kind),
      );
      return bareFacts({ ...seen, settings, environmentText, takenPorts: takenPorts.map(({ setting, port }) => `${setting}=${port}`) });
    }
  }
}

/** Everything that was detected, without times, which differ from run to run. */
export function renderFacts({ hardware, host }: Outcome): string {
  const { probes, ...found } = hardware;
  const hung = [...probes, ...host.probes].filter(({ isTimedOut }) => isTimedOut).map(({ name }) => name);
  return stringify({ ...found, hungProbes: hung }, { lineWidth: 0 });
}

/** Sizing, steps, what is in the way, and what the checks have to say. */
export function renderPlan(outcome: Outcome, machine: RecordedMachine): string {
  const { sizing, hardware, host } = outcome;
  const facts = describeFacts(machine, outcome);
  const { obstacles, warnings } = listFindings({ facts, mirrorFault: null });
  const planned = planSteps(facts, steps);
  const count = planned.reduce((sum, { changes }) => sum + changes.length, 0);
  const checked = runChecks(MACHINE_CHECKS, {
    home: '/srv/home',
    hardware,
    host,
    isInstalled: machine.installation === 'finished' || machine.installation === 'older',
    ports: listPorts(facts.settings),
    rtp: rtpPortsOf(facts.settings),
    network: { externalAddress: facts.settings.EXTERNAL_ADDRESS, localNetworks: facts.settings.LOCAL_NETWORKS },
    outside: null,
  });
  return `${[
    machine.what,
    '',
    ...describeSizing(sizing),
    ...describeLimits(limitServers(facts)),
    ...sizing.warnings.map((warning) => `sizing warns: ${warning}`),
    '',
    ...obstacles.map((obstacle) => `in the way, ${obstacle.name}: ${describeFinding(obstacle)}`),
    // What the sizing warns of is above, in its own words.
    ...warnings.filter(({ name }) => name !== 'sizing').map((warning) => `worth a word, ${warning.name}: ${describeFinding(warning)}`),
    ...checked.flatMap(({ name, finding }) =>
      finding.level === 'pass' ? [] : [`${finding.level} ${name}: ${finding.reason}`, `  fix: ${finding.fix}`],
    ),
    '',
    count === 0 ? '0 changes' : `${count} changes: ${planned.map(({ step, changes }) => `${step.name} ${changes.length}`).join(', ')}`,
  ].join('\n')}\n`;
}

/** The whole `.env` that a run writes there. */
export function renderSettings(outcome: Outcome, machine: RecordedMachine): string {
  const facts = describeFacts(machine, outcome);
  // Root, secrets and users are there by the time it is written.
  const { root, secrets, user } = finishedFacts();
  const appliance = describeAppliance({ ...facts, root, secrets, user });
  if (!appliance) throw new Error('the sample lacks what an appliance is built on');
  return appliance.environmentText;
}

/** Lines of `text` that `usual` has not. */
export function differingLines(text: string, usual: string): string {
  const known = new Set(usual.split('\n'));
  const lines = text.split('\n').filter((line) => !known.has(line));
  return lines.length === 0 ? '# as no-gpu/settings.env\n' : `# no-gpu/settings.env but for:\n${lines.join('\n')}\n`;
}
