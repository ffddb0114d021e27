/** `provision.sh` without a verb: makes the machine an appliance, or puts right what is not as it should be. */
import { runEngines } from '#cpu-engines/engines-verb.ts';
import { gatherFacts } from '#facts.ts';
import { runModels } from '#models/models-verb.ts';
import { describeFinding, EXIT, UsageError } from '#place.ts';
import type { Finding, Place } from '#place.ts';
import { print, provision } from '#provisioning.ts';
import type { ProvisionOptions } from '#provisioning.ts';
import { runTriton } from '#triton/triton-verb.ts';
import { parseProfile, parseVerbArguments } from './arguments.ts';
import { ask, isInteractive } from './confirm.ts';

export async function runApply(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { options, withModels, pin } = parseApplyWords(args, signal);
  await provision(place, signal, options);
  return withModels ? await bringModels(place, { pin, options, signal }) : EXIT.ok;
}

export type ApplyWords = {
  readonly options: ProvisionOptions;
  readonly withModels: boolean;
  /** Files without a checksum are believed. */
  readonly pin: boolean;
};

/**
 * What may be said of an installation, in every runtime. With `--json` standard output is one JSON object, of a failure too (`main.ts`), and progress goes to
 * standard error. Throws `UsageError`.
 */
export function parseApplyWords(args: readonly string[], signal: AbortSignal): ApplyWords {
  const { values } = parseVerbArguments(args, {
    yes: { type: 'boolean' },
    json: { type: 'boolean' },
    profile: { type: 'string' },
    models: { type: 'boolean' },
    pin: { type: 'boolean' },
  });
  if (values.pin === true && values.models !== true) throw new UsageError('--pin goes with --models: it believes files without a checksum');
  if (values.models === true && values.json === true)
    throw new UsageError(
      '--models is not there with --json: ./provision.sh --json, then models fetch, engines, and ./provision.sh --json again',
    );
  const options: ProvisionOptions = {
    profile: parseProfile(values.profile),
    ...(values.yes === true || !isInteractive() ? {} : { isAgreed: async (warnings) => await isAgreedTo(warnings, signal) }),
  };
  const words = { withModels: values.models === true, pin: values.pin === true };
  if (values.json !== true) return { ...words, options };
  const say = (line: string): void => console.error(line);
  const show: ProvisionOptions['show'] = async (installation) => await print(`${JSON.stringify(installation)}\n`);
  return { ...words, options: { ...options, say, show } };
}

/**
 * The models that the plan of this machine wants, once it takes calls: fetched, checked, and given to what serves them. Killed or without a network at any point,
 * it goes on where it was when it is run again.
 */
async function bringModels(
  place: Place,
  { pin, options, signal }: { readonly pin: boolean; readonly options: ProvisionOptions; readonly signal: AbortSignal },
): Promise<number> {
  const fetched = await runModels(place, ['fetch', ...(pin ? ['--pin'] : [])], signal);
  if (fetched !== EXIT.ok) return fetched;
  const { sizing } = await gatherFacts({ ...place, signal });
  if (sizing.plan.models.some(({ gpuUuid }) => gpuUuid !== null)) return await runTriton(place, [], signal);
  await runEngines(place, [], signal);
  await provision(place, signal, options);
  return EXIT.ok;
}

async function isAgreedTo(warnings: readonly Finding[], signal: AbortSignal): Promise<boolean> {
  for (const warning of warnings) console.error(`WARNING: ${describeFinding(warning)}`);
  return /^(y|yes|s|si|sí)?$/i.test(await ask('Go on? [Y/n] ', signal));
}
