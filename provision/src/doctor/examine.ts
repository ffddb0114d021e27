/** Looks at a machine and at what is installed on it, for the checks to judge. Places a call only when asked to. */
import { join } from 'node:path';
import { describeAppliance } from '#appliance.ts';
import { parseEnvFile } from '#env-file.ts';
import { gatherFacts, plannableHardware } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { probeService } from '#health.ts';
import { detectHardware } from '#machine/detect-hardware.ts';
import type { Hardware } from '#machine/hardware.ts';
import { inspectHost } from '#machine/inspect-host.ts';
import { listCauses } from '#place.ts';
import type { Place } from '#place.ts';
import { planSteps } from '#plan.ts';
import { SERVICE_NAMES } from '#services.ts';
import { listPorts, readSettings } from '#settings.ts';
import type { Profile, Settings } from '#settings.ts';
import { digestHardware } from '#sizing/calibration.ts';
import { readRunningLimits } from '#sizing/running-limits.ts';
import { rtpPortsOf } from '#sizing/server-limits.ts';
import { steps } from '#steps.ts';
import { testCallStep } from '#test-call-step.ts';
import { readTextIfThere } from '#text-file.ts';
import type { ApplianceSeen, TestCallSeen } from './appliance-seen.ts';
import type { MachineSeen } from './machine-seen.ts';
import { readCertificate, tryOutside } from './outside.ts';
import { readSecretFiles } from './secret-files.ts';

export type Examination = { readonly machine: MachineSeen; readonly appliance: ApplianceSeen };

export type ExaminationOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Whether a real call is placed, which takes half a minute. */
  readonly isCalling: boolean;
  /** Of a look that somebody else makes at the same moment; left out, it is made here. */
  readonly hardware?: Promise<Hardware>;
  /** The operator's wish of this run; what `.env` says where left out. */
  readonly profile?: Profile | null;
};

/** Looks at everything. Throws only for a bug or when `signal` aborts: what is wrong with the machine is in the answer. */
export async function examine(place: Place, options: ExaminationOptions): Promise<Examination> {
  const { settings: written, fault: settingsFault } = await readSettingsOf(place.home);
  const settings = options.profile ? { ...written, PROFILE: options.profile } : written;
  const { hardware, ...machine } = await examineMachine(place.home, settings, options);
  const { facts, fault } =
    settingsFault === null ? await readFacts(place, hardware, options.signal) : { facts: null, fault: settingsFault };
  const appliance = facts && describeAppliance(facts);
  const services = facts && appliance ? await listServices(facts, appliance) : [];
  return {
    // A board that is left alone by the operator's wish is in nobody's way.
    machine: { ...machine, hardware: plannableHardware(hardware, settings), isInstalled: facts !== null && appliance !== null },
    appliance: {
      now: new Date(),
      home: place.home,
      readingFault: fault,
      isInstalled: appliance !== null,
      files: await readSecretFiles(place.home),
      services,
      testCall: await testCall(facts, services, options),
      limits: facts && appliance ? await readRunningLimits(facts) : [],
      changes: facts && appliance ? planSteps(facts, steps).flatMap(({ changes }) => changes) : [],
      calibratedAt: calibratedAt(facts),
      lastBackupAt: facts?.state.backup?.at ?? null,
      restoreRehearsal: facts?.state.restoreRehearsal ?? null,
      certificate: await readCertificate(settings.PUBLIC_URL, options.signal),
    },
  };
}

async function examineMachine(home: string, settings: Settings, { env, signal, ...known }: ExaminationOptions): Promise<MachineSeen> {
  const ports = listPorts(settings);
  const rtp = rtpPortsOf(settings);
  const [hardware, host, outside] = await Promise.all([
    known.hardware ?? detectHardware({ home, env, signal }),
    inspectHost({
      home,
      env,
      signal,
      isOurPort: (port, kind) =>
        ports.some((wanted) => wanted.port === port && wanted.kind === kind) || (kind === 'udp' && port >= rtp.first && port <= rtp.last),
    }),
    tryOutside(settings, signal),
  ]);
  const network = { externalAddress: settings.EXTERNAL_ADDRESS, localNetworks: settings.LOCAL_NETWORKS };
  return { home, hardware, host, isInstalled: false, ports, rtp, network, outside };
}

/** The settings, and where `.env` cannot be read those of an empty one, so that the machine is judged all the same. */
async function readSettingsOf(home: string): Promise<{ readonly settings: Settings; readonly fault: string | null }> {
  const path = join(home, '.env');
  try {
    const text = (await readTextIfThere(path)) ?? '';
    return { settings: readSettings(parseEnvFile(text), path), fault: null };
  } catch (error) {
    return { settings: readSettings(new Map(), path), fault: messageOf(error) };
  }
}

async function readFacts(
  place: Place,
  hardware: Hardware,
  signal: AbortSignal,
): Promise<{ readonly facts: Facts | null; readonly fault: string | null }> {
  try {
    return { facts: await gatherFacts({ ...place, hardware, signal }), fault: null };
  } catch (error) {
    signal.throwIfAborted();
    return { facts: null, fault: messageOf(error) };
  }
}

/** A measurement of other hardware says nothing. */
function calibratedAt(facts: Facts | null): string | null {
  const calibration = facts?.sizing.calibration;
  return facts && calibration && calibration.hardwareDigest === digestHardware(facts.sizing.hardware) ? calibration.at : null;
}

async function listServices(
  facts: Facts,
  appliance: NonNullable<ReturnType<typeof describeAppliance>>,
): Promise<ApplianceSeen['services']> {
  return await Promise.all(
    SERVICE_NAMES.map(async (name) => ({
      name,
      fault: facts.services[name] === 'RUNNING' ? await probeService(facts, appliance, name) : facts.services[name],
    })),
  );
}

async function testCall(
  facts: Facts | null,
  services: ApplianceSeen['services'],
  { isCalling, signal }: ExaminationOptions,
): Promise<TestCallSeen> {
  if (!facts || services.length === 0)
    return { kind: 'not_possible', reason: 'there is nothing that could be called', fix: 'put right the services first' };
  const silent = services.filter(({ fault }) => fault !== null).map(({ name }) => name);
  if (silent.length > 0)
    return { kind: 'not_possible', reason: `not placed: ${silent.join(', ')} must answer first`, fix: './provision.sh start' };
  if (!isCalling) return { kind: 'not_asked', lastPassedAt: facts.state.testCall?.at ?? null };
  const startedAtMs = Date.now();
  const heard: string[] = [];
  try {
    await testCallStep.apply({ facts, signal, log: () => undefined });
    const { state } = await gatherFacts({ ...facts, signal });
    heard.push(...(state.testCall?.heard ?? []));
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', reason: messageOf(error) };
  }
  return { kind: 'passed', heard, ms: Date.now() - startedAtMs };
}

/** On one line. */
function messageOf(error: unknown): string {
  return listCauses(error).join(', because: ') || String(error);
}
