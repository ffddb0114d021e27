/** Where the containers find the models' servers: each other by name, or where the operator says. Pure. */
import { listKeptAddresses, ownAddresses } from '#own-addresses.ts';
import type { KeptAddress } from '#own-addresses.ts';
import type { Facts } from '#facts.ts';
import type { Finding } from '#place.ts';
import type { Settings } from '#settings.ts';

export type ContainerProfile = 'cpu' | 'gpu';

/** Where speech and language are served. */
export function inferenceAddresses(profile: ContainerProfile) {
  return profile === 'cpu'
    ? { speech: 'cpu-server:8001', language: null, metrics: ['cpu-server:8002'] }
    : { speech: 'triton-speech:8001', language: 'triton-language:8001', metrics: ['triton-speech:8002', 'triton-language:8002'] };
}

type AddressSettings = Pick<
  Settings,
  | 'SPEECH_TO_TEXT_URL'
  | 'TEXT_TO_SPEECH_URL'
  | 'LANGUAGE_MODEL_URL'
  | 'INFERENCE_METRICS_URL'
  | 'CPU_SERVER_PORT'
  | 'CPU_SERVER_METRICS_PORT'
>;

/** What the control plane is told of the models' servers. */
export function modelAddresses(settings: AddressSettings, profile: ContainerProfile) {
  const { speech, language, metrics } = inferenceAddresses(profile);
  const foreign = (setting: keyof ReturnType<typeof ownAddresses>): string | null =>
    settings[setting] === '' || isProducts(settings, setting) ? null : settings[setting];
  // On the processor a language model is served where `engines` has said so, in whichever runtime's words.
  const served = settings.LANGUAGE_MODEL_URL === '' ? '' : speech;
  return {
    SPEECH_TO_TEXT_URL: foreign('SPEECH_TO_TEXT_URL') ?? speech,
    TEXT_TO_SPEECH_URL: foreign('TEXT_TO_SPEECH_URL') ?? speech,
    LANGUAGE_MODEL_URL: foreign('LANGUAGE_MODEL_URL') ?? language ?? served,
    INFERENCE_METRICS_URL: foreign('INFERENCE_METRICS_URL') ?? `http://${metrics[0] ?? ''}/metrics`,
  };
}

/** Written by a run of ours: natively, before a backup was restored here, or of containers. */
function isProducts(settings: AddressSettings, setting: keyof ReturnType<typeof ownAddresses>): boolean {
  const servers = (['cpu', 'gpu'] as const).flatMap((profile) => {
    const { speech, language } = inferenceAddresses(profile);
    return language === null ? [speech] : [speech, language];
  });
  return [ownAddresses(settings)[setting], ...servers].includes(settings[setting]);
}

/** Those that the operator wrote himself, beside what they would be. */
export function listKeptInContainers(
  facts: Pick<Facts, 'environmentText' | 'settings' | 'state'>,
  profile: ContainerProfile,
): readonly KeptAddress[] {
  const own = modelAddresses(
    { ...facts.settings, SPEECH_TO_TEXT_URL: '', TEXT_TO_SPEECH_URL: '', LANGUAGE_MODEL_URL: '', INFERENCE_METRICS_URL: '' },
    profile,
  );
  return listKeptAddresses(facts)
    .filter(({ setting }) => !isProducts(facts.settings, setting))
    .map((kept) => ({ ...kept, own: own[kept.setting] || 'none' }));
}

const LOOPBACK = /^([a-z]+:\/\/)?(127(\.\d+){3}|localhost):/;

/** An address of the machine itself that a container would look for in itself. */
export function findLoopbackServers(
  facts: Pick<Facts, 'environmentText' | 'settings' | 'state' | 'home'>,
  profile: ContainerProfile,
): readonly Finding[] {
  return listKeptInContainers(facts, profile)
    .filter(({ value }) => LOOPBACK.test(value))
    .map(({ setting, value, own }) => ({
      name: 'models',
      reason: `${setting}=${value} is the container itself, where nothing listens`,
      fix: `write an address of this machine that containers reach into ${facts.home}/.env, or empty the line for ${own}`,
    }));
}
