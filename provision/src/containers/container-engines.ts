/** `engines` in containers: the same file of engines as natively; llama-server is in the image already. */
import { parseEnginesWords, serveModels } from '#cpu-engines/engines-verb.ts';
import { ObstacleError } from '#place.ts';
import type { VerbCall } from '#runtime/runtime.ts';
import { readContainerFacts } from './container-facts.ts';
import { inferenceAddresses } from './container-addresses.ts';

/** Exit code 0; 20 where nothing is installed, or where models run on boards. */
export async function runContainerEngines({ place, args, signal }: VerbCall): Promise<number> {
  const isJson = parseEnginesWords(args);
  const { facts, profile } = await readContainerFacts({ ...place, signal });
  if (facts.secrets === null)
    throw new ObstacleError([{ name: 'engines', reason: 'nothing is installed here', fix: './provision.sh --runtime docker installs it' }]);
  if (profile === 'gpu')
    throw new ObstacleError([
      {
        name: 'engines',
        reason: 'the models of this machine run on its boards, and ./provision.sh lays them out there',
        fix: './provision.sh, or ./provision.sh --profile cpu',
      },
    ]);
  return await serveModels(facts, { isJson, languageModelUrl: inferenceAddresses('cpu').speech, prepareText: async () => ({}) });
}
