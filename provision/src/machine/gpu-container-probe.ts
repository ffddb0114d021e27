/** Whether a container really sees a board. Tried with an image that is here already; none is fetched for it. */
import type { Known } from './hardware.ts';
import type { MachineSource } from './machine-source.ts';
import { askCommand } from './probe-command.ts';

/** Images that can run `nvidia-smi`, which the toolkit mounts into them: anything with a C library. */
const FIT_IMAGE = /(^|\/)(centralita|nvidia\/cuda|nvidia\/tritonserver|tritonserver|cuda)[^:]*:/;
/** Name of the trial's container, by which it is removed when its engine hangs. */
const TRIAL_NAME = `centralita-gpu-trial-${process.pid}`;

/** Lists the boards from inside a container of `program`. */
export async function probeGpuInContainer(
  source: MachineSource,
  { program, deadline }: { readonly program: 'docker' | 'podman'; readonly deadline: AbortSignal },
): Promise<Known<boolean>> {
  const ask = async (...args: readonly string[]) => await askCommand([program, ...args], { env: source.env, deadline });
  const images = await ask('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}');
  const image =
    images.kind === 'ended' ? images.stdout.split('\n').find((line) => FIT_IMAGE.test(line) && !line.includes('<none>')) : undefined;
  if (image === undefined)
    return {
      kind: 'unknown',
      reason: 'no image is here that could look for a board from inside a container',
      fix: 'it is tried again once the images are here',
    };
  const trial = [
    'run',
    '--rm',
    '--name',
    TRIAL_NAME,
    '--pull=never',
    '--network=none',
    '--gpus=all',
    '--entrypoint=nvidia-smi',
    image,
    '-L',
  ];
  const seen = await ask(...trial);
  if (seen.kind === 'hung') {
    // The client is dead, its container is not.
    await askCommand([program, 'rm', '--force', TRIAL_NAME], { env: source.env, deadline: AbortSignal.timeout(500) });
    return {
      kind: 'unknown',
      reason: 'the container with the trial did not end in time',
      fix: 'run the doctor again when the machine is quiet',
    };
  }
  return { kind: 'known', value: seen.kind === 'ended' && seen.exitCode === 0 && /^GPU \d+:/m.test(seen.stdout) };
}
