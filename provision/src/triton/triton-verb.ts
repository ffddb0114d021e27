/** `provision.sh triton`: the model repositories of this machine's boards from its sizing, and how Triton is started on them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnvFile } from '#env-file.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { detectHardware } from '#machine/detect-hardware.ts';
import { listInstalledModels } from '#models/models-folder.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { EXIT, ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { readCalibration } from '#sizing/calibration.ts';
import { DEFAULT_WISHES, planSizing } from '#sizing/plan-sizing.ts';
import { prepareTriton } from './prepare-triton.ts';
import type { TritonProcess } from './triton-layout.ts';

/** Exit code 0; 20 without a board that carries models, or without their weights on this machine. */
export async function runTriton({ home, repository }: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' } });
  const manifest = await loadManifest(repository);
  const hardware = await detectHardware({ home, env: process.env, signal });
  const commercialOnly = (await readSetting(home, 'MODELS_COMMERCIAL_ONLY')) !== '0';
  const installedModels = await listInstalledModels(home, manifest.models);
  const wishes = { ...DEFAULT_WISHES, commercialOnly, installedModels };
  const plan = planSizing({ hardware, manifest, wishes, measured: await readCalibration(home) });
  if (!plan.models.some(({ gpuUuid }) => gpuUuid !== null))
    throw new ObstacleError([
      {
        name: 'triton',
        reason: `nothing runs on a board here: ${plan.why}`,
        fix: 'provision.sh doctor tells what the boards lack, provision.sh models list which weights are here',
      },
    ]);
  const { layout, changed } = await prepareTriton({ home, repository, plan, manifest, allowsNonCommercial: !commercialOnly });
  await print(
    values.json === true
      ? `${JSON.stringify({ kind: 'triton', profile: plan.profile, changes: changed.length, processes: layout.processes })}\n`
      : [`${changed.length} files changed.`, ...layout.processes.map(describeProcess), ''].join('\n'),
  );
  return EXIT.ok;
}

function describeProcess({ name, kind, roles, gpuUuid, command }: TritonProcess): string {
  const shown = command.map((word) => word.replace(/(admin-key=).*/, '$1…')).join(' ');
  return `${name} (${kind} image, ${roles.join(' and ')}, board ${gpuUuid}):\n  ${shown}`;
}

async function readSetting(home: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(home, '.env'), 'utf8').catch(() => '');
  return parseEnvFile(text).get(name);
}
