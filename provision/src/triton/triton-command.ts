/** How the two kinds of Triton are started: as docker-compose.yml starts them, which is the one place that says it. No image holds the speech models' Python and vLLM together. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** `speech`: the image of inference/models/Dockerfile. `language`: NVIDIA's with vLLM. */
export type TritonKind = 'speech' | 'language';

const service = z.object({ command: z.array(z.string()) });
const composeSchema = z.object({ services: z.object({ 'triton-speech': service, 'triton-language': service }) });

/** Argv of a process of this kind over the folder of that name, as its container runs it. */
export type TritonCommands = (process: { readonly name: string; readonly kind: TritonKind }) => readonly string[];

/** Reads the compose file of a tree. Throws where it has no such services. */
export async function readTritonCommands(repository: string): Promise<TritonCommands> {
  const text = await readFile(join(repository, 'docker-compose.yml'), 'utf8');
  const { services } = composeSchema.parse(parse(text, { merge: true }));
  return ({ name, kind }) =>
    services[`triton-${kind}`].command.map((word) =>
      // What compose would take for a variable of its own is written twice.
      word.replaceAll('$$', '$').replace(/^(--model-repository=.*\/)[^/]+$/, `$1${name}`),
    );
}
