/** Looks at an installation in containers for the doctor's checks: what runs, within which limits, and whether a call through it is heard. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { tryCommand } from '#command.ts';
import type { TestCallSeen } from '#doctor/appliance-seen.ts';
import type { Hardware } from '#machine/hardware.ts';
import { wantsCallPorts } from '#machine/foreign-servers-probe.ts';
import { listCauses } from '#place.ts';
import type { Place } from '#place.ts';
import { findRunning } from './compose.ts';
import type { ServiceReport } from './compose.ts';
import type { ContainersSeen } from './container-checks.ts';
import { gatherContainerFacts } from './container-facts.ts';
import type { ContainerFacts } from './container-facts.ts';
import { readContainerLimits } from './container-limits.ts';
import { listContainerChanges, recordTestCall } from './container-steps.ts';

const ASK_TIMEOUT_MS = 15_000;

export type ContainerExamination = {
  readonly seen: ContainersSeen;
  /** The machine less what of it is this installation's own. */
  readonly hardware: Hardware;
};

type Looking = {
  readonly hardware: Hardware;
  readonly signal: AbortSignal;
  /** Whether a real call is placed, which takes half a minute. */
  readonly isCalling: boolean;
};

/** What keeps the containers from being looked at is a finding: the rest of the machine is judged all the same. */
export async function examineContainers(place: Place, looking: Looking): Promise<ContainerExamination> {
  const { hardware, signal } = looking;
  try {
    const now = await gatherContainerFacts({ ...place, hardware, signal });
    const { services } = now;
    return {
      seen: {
        fault: null,
        services,
        changes: listContainerChanges(now),
        limits: await readContainerLimits(now.facts, signal),
        testCall: await placeCall(now, looking),
      },
      hardware: await leaveOutOwn(now, hardware, signal),
    };
  } catch (error) {
    signal.throwIfAborted();
    const fault = listCauses(error).join(': ');
    const testCall: TestCallSeen = {
      kind: 'not_possible',
      reason: 'not placed: the containers were not looked at',
      fix: 'put that right first',
    };
    return { seen: { fault, services: [], changes: [], limits: [], testCall }, hardware };
  }
}

async function placeCall(now: ContainerFacts, { isCalling, signal }: Looking): Promise<TestCallSeen> {
  const hindrance = findHindrance(now.services);
  if (hindrance) return hindrance;
  if (!isCalling) return { kind: 'not_asked', lastPassedAt: now.facts.state.testCall?.at ?? null };
  const startedAtMs = Date.now();
  try {
    const heard = await recordTestCall({ now, log: () => undefined, signal });
    return { kind: 'passed', heard, ms: Date.now() - startedAtMs };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', reason: listCauses(error).join(', because: ') };
  }
}

/** Why nothing can be called; null where everything is up. */
export function findHindrance(services: readonly ServiceReport[]): TestCallSeen | null {
  if (services.length === 0) return { kind: 'not_possible', reason: 'there is nothing that could be called', fix: './provision.sh' };
  const down = services.filter(({ isUp }) => !isUp).map(({ name }) => name);
  if (down.length === 0) return null;
  return { kind: 'not_possible', reason: `not placed: ${down.join(', ')} must be up first`, fix: './provision.sh start' };
}

/** Compose is the one that the installation uses, wherever it lies; the Asterisk of its container is nobody else's. */
async function leaveOutOwn({ engine }: ContainerFacts, hardware: Hardware, signal: AbortSignal): Promise<Hardware> {
  const foreignServers = (await hasForeignAsterisk(signal))
    ? hardware.foreignServers
    : hardware.foreignServers.filter((server) => !(server.startsWith('asterisk ') && wantsCallPorts(server)));
  if (hardware.engine.kind !== 'known' || hardware.engine.value === null || !engine.compose) return { ...hardware, foreignServers };
  const answer = await tryCommand([...engine.compose, 'version', '--short'], { timeoutMs: ASK_TIMEOUT_MS, signal });
  const value = { ...hardware.engine.value, composeVersion: answer.exitCode === 0 ? answer.stdout.trim() : null };
  return { ...hardware, foreignServers, engine: { ...hardware.engine, value } };
}

/** Whether one runs outside of our container: in other namespaces than its first process. */
async function hasForeignAsterisk(signal: AbortSignal): Promise<boolean> {
  const container = await findRunning('asterisk', signal);
  const inspect = ['docker', 'inspect', '--format', '{{.State.Pid}}', container ?? ''];
  const pid = container === null ? '' : (await tryCommand(inspect, { timeoutMs: ASK_TIMEOUT_MS, signal })).stdout.trim();
  const own = pid === '' ? null : await readNamespace(pid);
  for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const name = (await readFile(join('/proc', id, 'comm'), 'utf8').catch(() => '')).trim();
    if (name === 'asterisk' && (await readNamespace(id)) !== own) return true;
  }
  return false;
}

async function readNamespace(pid: string): Promise<string | null> {
  return await readlink(join('/proc', pid, 'ns/pid')).catch(() => null);
}
