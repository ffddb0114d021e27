/** `provision.sh triton`: the model repositories of this machine's boards from its sizing, and how Triton is started on them. */
import { gatherFacts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { EXIT, ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { prepareTriton } from './prepare-triton.ts';
import { readTritonCommands } from './triton-command.ts';
import type { TritonProcess } from './triton-layout.ts';

/** Exit code 0; 20 without a board that carries models, or without their weights on this machine. */
export async function runTriton({ home, repository }: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' } });
  const manifest = await loadManifest(repository);
  const {
    settings,
    sizing: { plan },
  } = await gatherFacts({ home, repository, signal });
  if (!plan.models.some(({ gpuUuid }) => gpuUuid !== null))
    throw new ObstacleError([
      {
        name: 'triton',
        reason: `nothing runs on a board here: ${plan.why}`,
        fix: 'provision.sh doctor tells what the boards lack, provision.sh models list which weights are here',
      },
    ]);
  const allowsNonCommercial = settings.MODELS_COMMERCIAL_ONLY === '0';
  const { layout, changes } = await prepareTriton({ home, repository, plan, manifest, allowsNonCommercial });
  const commandOf = await readTritonCommands(repository);
  await print(
    values.json === true
      ? `${JSON.stringify({ kind: 'triton', profile: plan.profile, changes: changes.length, processes: layout.processes.map((process) => ({ ...process, command: commandOf(process) })) })}\n`
      : [
          `${changes.length} files changed.`,
          ...layout.processes.map((process) => describeProcess(process, commandOf(process))),
          NEXT,
          '',
        ].join('\n'),
  );
  return EXIT.ok;
}

/** Natively nothing starts them: what the calls then use is said in `.env`, and stays there. */
const NEXT =
  '--runtime docker starts them, each in a container that is given its board alone. In containers of your own (docker run --gpus device=BOARD), name them in .env, SPEECH_TO_TEXT_URL and TEXT_TO_SPEECH_URL (speech), LANGUAGE_MODEL_URL (language), each as host:port, and run ./provision.sh.';

function describeProcess({ name, kind, roles, gpuUuid }: TritonProcess, command: readonly string[]): string {
  return `${name} (${kind} image, ${roles.join(' and ')}, board ${gpuUuid}):\n  ${command.map(quote).join(' ')}`;
}

/** A word as a shell takes it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
