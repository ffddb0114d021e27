/** Which addresses of models' servers in `.env` are the product's and which the operator's: what a run wrote the next may replace, what he wrote stays. Pure. */
import { parseEnvFile } from './env-file.ts';
import type { Settings } from './settings.ts';
import type { State } from './state.ts';

const SPEECH = ['SPEECH_TO_TEXT_URL', 'TEXT_TO_SPEECH_URL'] as const;
type AddressSetting = (typeof SPEECH)[number] | 'LANGUAGE_MODEL_URL' | 'INFERENCE_METRICS_URL';

/** A line of `.env` that says otherwise than a run would. */
export type KeptAddress = { readonly setting: AddressSetting; readonly value: string; readonly own: string };

/** Where the inference server of this machine is, by the setting that says so. `state.json` keeps what was rendered last. */
export function ownAddresses({
  CPU_SERVER_PORT,
  CPU_SERVER_METRICS_PORT,
}: Pick<Settings, 'CPU_SERVER_PORT' | 'CPU_SERVER_METRICS_PORT'>): Readonly<Record<AddressSetting, string>> {
  const server = `127.0.0.1:${CPU_SERVER_PORT}`;
  return {
    SPEECH_TO_TEXT_URL: server,
    TEXT_TO_SPEECH_URL: server,
    LANGUAGE_MODEL_URL: server,
    INFERENCE_METRICS_URL: `http://127.0.0.1:${CPU_SERVER_METRICS_PORT}/metrics`,
  };
}

/** Of the facts: what is written, and what an earlier run remembered. */
type AddressFacts = {
  readonly environmentText: string;
  readonly settings: Pick<Settings, 'CPU_SERVER_PORT' | 'CPU_SERVER_METRICS_PORT' | 'LANGUAGE_MODEL_URL'>;
  readonly state: Pick<State, 'addresses' | 'databaseSetup'>;
};

/** Those that the operator wrote himself. */
export function listKeptAddresses(facts: AddressFacts): readonly KeptAddress[] {
  return listWritten(facts).filter(({ setting, value, own }) => value !== own && !isFormer(facts, setting, value));
}

/** What a run writes: every address that is not the operator's. A language model is named only where something serves one. */
export function renderAddresses(facts: AddressFacts): Readonly<Record<string, string>> {
  const kept = new Set<string>(listKeptAddresses(facts).map(({ setting }) => setting));
  return Object.fromEntries(
    Object.entries(ownAddresses(facts.settings)).filter(
      ([setting]) => !kept.has(setting) && (setting !== 'LANGUAGE_MODEL_URL' || facts.settings.LANGUAGE_MODEL_URL !== ''),
    ),
  );
}

/** Whether `state.json` says what is ours. */
export function areAddressesRemembered({ settings, state }: Pick<AddressFacts, 'settings' | 'state'>): boolean {
  return Object.entries(ownAddresses(settings)).every(([setting, own]) => state.addresses?.[setting] === own);
}

function listWritten({ environmentText, settings }: AddressFacts): readonly KeptAddress[] {
  const current = parseEnvFile(environmentText);
  const own = ownAddresses(settings);
  return (Object.keys(own) as AddressSetting[]).flatMap((setting) => {
    const value = current.get(setting) ?? '';
    return value === '' ? [] : [{ setting, value, own: own[setting] }];
  });
}

const LOOPBACK = /^(https?:\/\/)?127\.0\.0\.1:\d{1,5}(\/metrics)?$/;

/**
 * Whether an earlier run wrote it, before a port was moved. Releases that remembered nothing wrote this machine's server over whatever stood there, at every
 * run: after one of them an address of this machine is its own. The language model's they left alone.
 */
function isFormer({ state }: AddressFacts, setting: AddressSetting, value: string): boolean {
  if (state.addresses) return state.addresses[setting] === value;
  return setting !== 'LANGUAGE_MODEL_URL' && state.databaseSetup !== undefined && LOOPBACK.test(value);
}

/** One of them as a line for the operator. */
export function describeKept({ setting, value, own }: KeptAddress): string {
  return `${setting}=${value} stays as .env says; empty it for this machine's own, ${own}`;
}
