/** `provision.sh` without a verb: makes the machine an appliance, or puts right what is not as it should be. */
import { describeFinding, EXIT } from '#place.ts';
import type { Finding, Place } from '#place.ts';
import { print, provision } from '#provisioning.ts';
import type { ProvisionOptions } from '#provisioning.ts';
import { parseProfile, parseVerbArguments } from './arguments.ts';
import { ask, isInteractive } from './confirm.ts';

/** With `--json` standard output is one JSON object, of a failure too (`main.ts`), and progress goes to standard error. */
export async function runApply(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { yes: { type: 'boolean' }, json: { type: 'boolean' }, profile: { type: 'string' } });
  const options: ProvisionOptions = {
    profile: parseProfile(values.profile),
    ...(values.yes === true || !isInteractive() ? {} : { isAgreed: async (warnings) => await isAgreedTo(warnings, signal) }),
  };
  if (values.json !== true) {
    await provision(place, signal, options);
    return EXIT.ok;
  }
  const say = (line: string): void => console.error(line);
  const show: ProvisionOptions['show'] = async (installation) => await print(`${JSON.stringify(installation)}\n`);
  await provision(place, signal, { ...options, say, show });
  return EXIT.ok;
}

async function isAgreedTo(warnings: readonly Finding[], signal: AbortSignal): Promise<boolean> {
  for (const warning of warnings) console.error(`WARNING: ${describeFinding(warning)}`);
  return /^(y|yes|s|si|sí)?$/i.test(await ask('Go on? [Y/n] ', signal));
}
