/** What somebody who helps from afar needs to see: the machine, the plan, the settings, the logs' ends. Everything goes through the redaction. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeAppliance, renderEnvironment } from '#appliance.ts';
import { readContainerFacts } from '#containers/container-facts.ts';
import { readContainerLimits } from '#containers/container-limits.ts';
import { lookAtContainers } from '#containers/container-look.ts';
import { readContainerLogs } from '#containers/container-logs.ts';
import { readRuntime } from '#containers/container-steps.ts';
import { examine } from '#doctor/examine.ts';
import { renderReport } from '#doctor/doctor-report.ts';
import { judge } from '#doctor/judgement.ts';
import type { Facts } from '#facts.ts';
import type { Secrets } from '#secrets.ts';
import { SERVICE_NAMES } from '#services.ts';
import { readRunningLimits } from '#sizing/running-limits.ts';
import { readStatus } from '#status.ts';
import { redactEnvironment, redactLog, redactText, redactValue } from './redaction.ts';
import { journalPath } from './journal.ts';
import { judgeFacts } from './look.ts';
import { describePlan } from './plan-verb.ts';
import type { PlanReport } from './plan-verb.ts';

/** Of each log this much of its end is taken: some two thousand lines. */
const LOG_TAIL_BYTES = 256 * 1024;

/** One file of the bundle. */
export type Part = { readonly name: string; readonly text: string };

/** Gathers everything. A part that cannot be had is a file that says why. */
export async function gatherParts(facts: Facts, signal: AbortSignal): Promise<readonly Part[]> {
  const secrets = listSecrets(facts.secrets);
  const json = (value: unknown): string => `${JSON.stringify(redactValue(value, secrets), null, 2)}\n`;
  const known = listOurKeys(facts);
  const isContained = (await readRuntime(facts.home)) === 'docker';
  const wanted: [string, () => Promise<string>][] = [
    ['facts.json', async () => json(describeFacts(facts))],
    ['plan.json', async () => json(await describeRun(facts, { isContained, signal }))],
    ['environment.txt', async () => redactEnvironment(facts.environmentText, known, secrets)],
    ['status.txt', async () => redactText(`${(await readStatus(facts)).lines.join('\n')}\n`, secrets)],
    ['doctor.txt', async () => redactText(await runChecksOnly(facts, signal), secrets)],
    ['journal.jsonl', async () => redactLog(await readTail(journalPath(facts.home)), secrets)],
    ['state.json', async () => json(facts.state)],
    ...[...SERVICE_NAMES, 'supervisord'].map((name): [string, () => Promise<string>] => [
      `logs/${name}.log`,
      async () => redactLog(await readTail(join(facts.home, 'log', `${name}.log`)), secrets),
    ]),
  ];
  if (isContained) wanted.push(['logs/containers.log', async () => redactLog(await readContainerLogs(facts, signal), secrets)]);
  const parts: Part[] = [];
  for (const [name, gather] of wanted) {
    signal.throwIfAborted();
    parts.push({ name, text: await gather().catch((error: Error) => redactText(`not to be had: ${error.message}\n`, secrets)) });
  }
  return parts;
}

/** What a run would change, in the runtime that holds the installation. Nobody outside is asked. */
async function describeRun(
  facts: Facts,
  { isContained, signal }: { readonly isContained: boolean; readonly signal: AbortSignal },
): Promise<PlanReport> {
  if (!isContained) return describePlan(judgeFacts(facts, { mirrorFault: null }), await readRunningLimits(facts));
  const now = await readContainerFacts({ home: facts.home, repository: facts.repository, hardware: facts.hardware, signal });
  return describePlan(lookAtContainers(now, { mirrorFault: null }), await readContainerLimits(now.facts, signal));
}

/** Everything in the secrets' file that is long enough to be told from a word. */
export function listSecrets(secrets: Secrets | null): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string' && value.length >= 8) found.push(value);
    else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) walk(field);
  };
  walk(secrets);
  return found.toSorted((one, other) => other.length - one.length);
}

/** Without what is long and says nothing: rendered files, digests. */
function describeFacts({ home, release, hardware, machine, takenPorts, root, state, services, bootUnitText, command, ...facts }: Facts) {
  return {
    at: new Date().toISOString(),
    home,
    release,
    hardware,
    machine,
    takenPorts,
    versions: { node: process.version, ...root?.versions },
    services,
    hasBootUnit: bootUnitText !== '',
    command: command.link,
    hasSecrets: facts.secrets !== null,
    hasDatabase: facts.hasCluster,
    settings: facts.settings,
    started: Object.keys(state.started),
  };
}

/** The variables that are ours: settings, and what the provisioner writes. */
function listOurKeys(facts: Facts): readonly string[] {
  const instance = describeAppliance(facts)?.instance;
  return [...Object.keys(facts.settings), ...(instance ? Object.keys(renderEnvironment(facts, instance)) : [])];
}

/** The doctor without a call: nobody is rung up because somebody asked for help. */
async function runChecksOnly(facts: Facts, signal: AbortSignal): Promise<string> {
  return renderReport(
    await judge(facts, await examine(facts, { env: process.env, signal, isCalling: false }), { signal, isCalling: false }),
  );
}

/** The end of a file from the first whole line on. */
async function readTail(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (size <= LOG_TAIL_BYTES) return await readFile(path, 'utf8');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_TAIL_BYTES), 0, LOG_TAIL_BYTES, size - LOG_TAIL_BYTES);
  const text = buffer.toString('utf8', 0, bytesRead);
  return text.slice(text.indexOf('\n') + 1);
}
