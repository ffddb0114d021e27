/** What must be put right by hand before anything is changed, and what an operator should know: each with its reason and its fix. Pure. */
import { join } from 'node:path';
import { findDriverFault } from '#doctor/gpu-checks.ts';
import type { Facts } from '#facts.ts';
import { toGib } from '#gibibytes.ts';
import { judgeNamedModels } from '#models/named-models.ts';
import type { Finding } from '#place.ts';
import { isBroughtUp } from '#releases/release-records.ts';
import { admitCalls } from '#sizing/admitted-calls.ts';
import { callsWithPorts, limitServers } from '#sizing/server-limits.ts';

export type Findings = { readonly obstacles: readonly Finding[]; readonly warnings: readonly Finding[] };

/** What is judged. */
export type Judged = {
  readonly facts: Facts;
  /** What fetching from the Debian mirror would fail with; null when it answers or nothing must be fetched. */
  readonly mirrorFault: string | null;
};

/** Idle, all services take 0.6 GiB. */
const MEMORY_FLOOR_BYTES = 1.5 * 1024 ** 3;
/** Root 0.8 GiB twice while it is replaced, database, logs 0.5 GiB, and room for recordings (0.96 MB a minute). */
const DISK_FLOOR_BYTES = 4 * 1024 ** 3;
/** The root and the packages are some 60,000 files, twice while it is replaced. */
const INODE_FLOOR = 200_000;
/** Signed addresses and webhooks allow five minutes; certificates and the archive's index fail a little later. */
const CLOCK_LIMIT_MS = 60_000;
/** Beyond this times in the journal of calls cannot be compared between servers. */
const CLOCK_WARNING_MS = 100;

/** Judges everything that was found out. */
export function listFindings(judged: Judged): Findings {
  const { facts } = judged;
  const models = judgeNamedModels(facts);
  return {
    obstacles: [
      ...findReleaseObstacles(facts),
      ...findMachineObstacles(facts),
      ...findPortObstacles(facts),
      ...findFileObstacles(facts),
      ...findNetworkObstacles(judged),
      ...findHardwareObstacles(judged),
      ...models.obstacles,
    ],
    warnings: [...findHardwareWarnings(facts), ...findFactWarnings(facts), ...models.warnings],
  };
}

function findReleaseObstacles({ state: { releaseChange }, release }: Facts): readonly Finding[] {
  if (!releaseChange || isBroughtUp(releaseChange, release.id)) return [];
  const { kind, from, to } = releaseChange;
  return [{ name: 'release', reason: `the ${kind} from ${from} to ${to} was cut short`, fix: `./provision.sh --${kind} goes on with it` }];
}

function findMachineObstacles({ machine, root, home }: Facts): readonly Finding[] {
  const found: Finding[] = [];
  if (machine.architecture !== 'x64' && machine.architecture !== 'arm64')
    found.push({
      name: 'processor',
      reason: `processor ${machine.architecture}: need x86-64 or arm64`,
      fix: 'use a machine with such a processor',
    });
  if (machine.memoryBytes < MEMORY_FLOOR_BYTES)
    found.push({
      name: 'memory',
      reason: `${toGib(machine.memoryBytes)} GiB of memory: need ${toGib(MEMORY_FLOOR_BYTES)}`,
      fix: 'give the machine, or its container, more memory',
    });
  if (!root && machine.diskFreeBytes < DISK_FLOOR_BYTES)
    found.push({
      name: 'disk',
      reason: `${toGib(machine.diskFreeBytes)} GiB free below ${home}: need ${toGib(DISK_FLOOR_BYTES)}`,
      fix: 'free some, or set CENTRALITA_HOME to a folder on a larger disk',
    });
  return found;
}

function findPortObstacles({ takenPorts, home }: Facts): readonly Finding[] {
  return takenPorts.map((taken) => {
    const [setting = '', port = ''] = taken.split('=');
    return {
      name: 'port',
      reason: `port ${port} is in use by another program`,
      fix: `stop it (ss -lntup shows whose it is), or put another ${setting}=… into ${join(home, '.env')}, and run again`,
    };
  });
}

function findFileObstacles({ missingFiles, home }: Facts): readonly Finding[] {
  return missingFiles.map((missing) => ({
    name: 'file',
    reason: `${missing}: there is no such file`,
    fix: `put it there, or correct or empty the line in ${join(home, '.env')}, and run again`,
  }));
}

function findNetworkObstacles({ mirrorFault }: Judged): readonly Finding[] {
  if (mirrorFault === null) return [];
  const fix = 'put the network, its DNS or its proxy right, or name a mirror that answers in /etc/apt, and run again';
  return [{ name: 'network', reason: `Debian packages must be fetched and the mirror does not answer: ${mirrorFault}`, fix }];
}

function findHardwareObstacles({ facts }: Judged): readonly Finding[] {
  const found: Finding[] = [];
  const { gpu, clockOffsetMs, disk } = facts.hardware;
  // Left alone by the operator's wish, a broken board is in nobody's way.
  const fault = gpu.kind === 'broken' ? gpu : gpu.kind === 'found' ? findDriverFault(gpu.gpus) : null;
  if (fault && facts.settings.PROFILE !== 'cpu')
    found.push({ name: 'gpu', reason: fault.reason, fix: `${fault.fix}; or go without the GPU: --profile cpu` });
  if (clockOffsetMs.kind === 'known' && Math.abs(clockOffsetMs.value) > CLOCK_LIMIT_MS)
    found.push({ name: 'clock', reason: describeClock(clockOffsetMs.value), fix: CLOCK_FIX });
  if (!facts.root && disk.freeInodes > 0 && disk.freeInodes < INODE_FLOOR)
    found.push({
      name: 'disk',
      reason: `${disk.freeInodes} free inodes below ${facts.home}: need ${INODE_FLOOR}`,
      fix: 'remove many small files, or set CENTRALITA_HOME to a folder on another file system',
    });
  return found;
}

const CLOCK_FIX =
  'chronyc makestep (apt-get install chrony where it is missing); see that it reaches its servers (chronyc tracking), and run again';

function describeClock(offsetMs: number): string {
  return `the clock is ${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs > 0 ? 'ahead' : 'behind'}`;
}

function findHardwareWarnings({ hardware: { gpu, clockOffsetMs, foreignServers }, settings }: Facts): readonly Finding[] {
  const found: Finding[] = [];
  if (gpu.kind === 'broken' && settings.PROFILE === 'cpu') found.push({ name: 'gpu', reason: gpu.reason, fix: gpu.fix });
  if (clockOffsetMs.kind === 'known') {
    const offset = Math.abs(clockOffsetMs.value);
    if (offset > CLOCK_WARNING_MS && offset <= CLOCK_LIMIT_MS)
      found.push({ name: 'clock', reason: describeClock(clockOffsetMs.value), fix: CLOCK_FIX });
  }
  for (const server of foreignServers)
    found.push({
      name: 'other servers',
      reason: `${server} is on this machine too`,
      fix: 'see that it uses other ports, and that there is memory for both',
    });
  return found;
}

/** What can be seen without a look at the hardware. */
function findFactWarnings(facts: Facts): readonly Finding[] {
  const { settings } = facts;
  const { warning } = admitCalls(facts);
  const admission: readonly Finding[] = [
    ...(warning === null ? [] : [findingOf('capacity', warning, 'see .env')]),
    // Of a board that does not answer the probe itself has spoken.
    ...(facts.hardware.gpu.kind === 'broken' ? [] : facts.sizing.plan.warnings.map((told) => findingOf('sizing', told, MORE_OF_IT))),
    ...findPortWarnings(facts),
  ];
  if (settings.HTTP_HOST === '127.0.0.1' || settings.PUBLIC_URL.startsWith('https:')) return admission;
  return [
    ...admission,
    {
      name: 'http',
      reason: `the API listens on ${settings.HTTP_HOST} without TLS`,
      fix: 'put a proxy with TLS in front, set HTTP_HOST=127.0.0.1, PUBLIC_URL and TRUSTED_PROXIES, and run again',
    },
  ];
}

/** Of a machine that carries no call. */
const MORE_OF_IT = 'give the machine more of it; until then one call at a time is admitted';

/** Of a sentence that ends with its fix. */
function findingOf(name: string, sentence: string, usualFix: string): Finding {
  const [reason = sentence, fix = usualFix] = sentence.split(/\.? Fix: /);
  return { name, reason, fix };
}

/** A call that finds no port is refused with 488, whatever was admitted. */
function findPortWarnings(facts: Facts): readonly Finding[] {
  const limits = limitServers(facts);
  const calls = callsWithPorts(limits);
  if (calls === null) return [];
  const { rtpFirst, rtpLast } = limits;
  return [
    {
      name: 'media ports',
      reason: `${rtpFirst} to ${rtpLast.value} are ports for the sound of ${calls} calls, and ${limits.calls} are admitted`,
      fix: 'raise RTP_LAST_PORT in .env, or take the line out, and run again',
    },
  ];
}
