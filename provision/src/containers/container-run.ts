/** Takes the steps of the container runtime, each with a line in the journal before and after it, then tells what is running. */
import { describeConfigured, withServersElsewhere } from '#cpu-engines/configured-engines.ts';
import type { ConfiguredEngines } from '#cpu-engines/configured-engines.ts';
import { nameRun, takeStep } from '#lifecycle/step-run.ts';
import { parseEnvFile } from '#env-file.ts';
import { apiUrl } from '#health.ts';
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { showScreen } from '#provisioning.ts';
import type { ProvisionOptions } from '#provisioning.ts';
import { describeInstallation } from '#screen.ts';
import type { InstallationParts } from '#screen.ts';
import { forgetAdminKey, LOST_KEYS_WARNING, writeSecrets } from '#secrets.ts';
import { listKeptInContainers } from './container-addresses.ts';
import { containersFolder } from './container-appliance.ts';
import { gatherContainerFacts } from './container-facts.ts';
import type { ContainerFacts } from './container-facts.ts';
import { lookAroundContainers } from './container-look.ts';
import { containerSteps, rememberRuntime } from './container-steps.ts';

/** Makes the machine an appliance in containers. Every failure throws: the screen is printed only when everything holds. */
export async function provisionContainers(place: Place, signal: AbortSignal, options: ProvisionOptions = {}): Promise<void> {
  const { say = (line) => console.log(line), show = showScreen, isAgreed = async () => true, profile = null } = options;
  const startedAtMs = Date.now();
  const { now: before, look } = await lookAroundContainers({ ...place, profile, signal });
  say(look.machineLine);
  if (look.obstacles.length > 0) throw new ObstacleError(look.obstacles);
  if (look.warnings.length > 0 && !(await isAgreed(look.warnings)))
    throw new ObstacleError('stopped before anything was changed: not agreed to');
  const hasLostKeys = look.planned.some(({ changes }) => changes.some((change) => change.includes(LOST_KEYS_WARNING)));
  // Before anything else: a run that is cut short is gone on with in the same runtime, whoever says what.
  await rememberRuntime(place.home);
  const { now, count } = await runSteps(before, { say, signal });
  if (count === 0) say('0 changes.');
  const { secrets, home } = now.facts;
  if (!secrets || !now.appliance) throw new Error('secrets or images are missing after all steps: a bug in the steps');
  const run = { hasLostKeys, changes: count, elapsedMs: Date.now() - startedAtMs };
  await show(describeInstallation({ facts: now.facts, secrets, look, ...run, told: describeContainersTold(now, now.appliance.profiles) }));
  if (secrets.adminKey !== undefined) await writeSecrets(home, forgetAdminKey(secrets));
}

type Talk = { readonly say: (line: string) => void; readonly signal: AbortSignal };

/** Takes every step that has something to change. Returns what is so afterwards, and how much was changed. */
async function runSteps(before: ContainerFacts, { say, signal }: Talk): Promise<{ readonly now: ContainerFacts; readonly count: number }> {
  const { home, repository, hardware, profile } = before.facts;
  const run = nameRun();
  let now = before;
  let count = 0;
  for (const step of containerSteps) {
    const changes = step.changes(now);
    if (changes.length === 0) continue;
    for (const change of changes) say(`  ${step.name}: ${change}`);
    count += changes.length;
    const seen = now;
    now = await takeStep(
      home,
      { run, step: step.name, changes: [...changes] },
      {
        apply: async () => await step.apply({ now: seen, signal, log: (message) => say(`    ${message}`) }),
        look: async () => await gatherContainerFacts({ home, repository, hardware, profile: profile ?? null, signal }),
        listLeft: (after) => step.changes(after),
      },
    ).catch((error: Error) => {
      // What the first step could not have is in the way of a run that has changed nothing, and is told as that.
      throw count === changes.length && error.cause instanceof ObstacleError ? error.cause : error;
    });
  }
  return { now, count };
}

/** What is otherwise than natively. */
function describeContainersTold(now: ContainerFacts, profiles: readonly string[]): NonNullable<InstallationParts['told']> {
  const { home, settings, hardware } = now.facts;
  const address = settings.EXTERNAL_ADDRESS || (hardware.network.addresses[0] ?? settings.BIND_ADDRESS);
  const folder = containersFolder(home);
  return {
    runtime: 'docker',
    engines: describeEngines(now),
    addresses: { api: apiUrl(now.facts), sip: `${address}:${settings.SIP_PORT}`, transport: 'UDP' },
    files: `settings in ${home}/.env; ${folder}: what the containers read; data in the engine's volumes centralita_…`,
    grafana: profiles.includes('grafana')
      ? `http://127.0.0.1:${parseEnvFile(now.appliance?.composeText ?? '').get('GRAFANA_PORT') ?? 3000}, user admin, password in ${folder}/files/grafana/grafana-admin`
      : 'left out: Debian has none, and GRAFANA_DIGEST in .env names no image',
  };
}

/** Triton has the planned models; what the processor's server has is in its file of engines. */
function describeEngines({ facts, profile }: ContainerFacts): ConfiguredEngines {
  const kept = listKeptInContainers(facts, profile);
  const configured = describeConfigured(facts);
  if (profile === 'cpu') return withServersElsewhere(configured, kept);
  const onBoard = (role: string): string | null => {
    const model = facts.sizing.plan.models.find((placed) => placed.role === role && placed.gpuUuid !== null);
    return model === undefined ? null : `Triton, ${model.name}`;
  };
  const engines = {
    voice: onBoard('text_to_speech') ?? configured.voice,
    recognition: onBoard('speech_to_text') ?? configured.recognition,
    languageModel: onBoard('language_model') ?? configured.languageModel,
  };
  return withServersElsewhere(engines, kept);
}
