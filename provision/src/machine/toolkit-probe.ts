/** NVIDIA's container toolkit: without it no container gets a board. */
import type { MachineSource } from './machine-source.ts';
import { askCommand } from './probe-command.ts';

/** Version of the toolkit, or null where it is not installed. */
export async function probeToolkit(source: MachineSource, deadline: AbortSignal): Promise<string | null> {
  for (const program of ['nvidia-ctk', 'nvidia-container-cli']) {
    const answer = await askCommand([program, '--version'], { env: source.env, deadline });
    const version = answer.kind === 'ended' ? /(\d+\.\d+\.\d+)/.exec(answer.stdout)?.[1] : undefined;
    if (version !== undefined) return version;
  }
  return null;
}
