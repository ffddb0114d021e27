/** The one screen at the end of a run: what is running, how to use it, how to stop it. */
import { networkInterfaces } from 'node:os';
import { commandPath } from './command-link.ts';
import type { Demo } from './demo-step.ts';
import type { Facts } from './facts.ts';
import { apiUrl } from './health.ts';
import { LOST_KEYS_WARNING } from './secrets.ts';
import type { TestCallRecord } from './state.ts';

export type ScreenParts = {
  readonly facts: Facts;
  readonly demo: Demo;
  readonly testCall: TestCallRecord;
  readonly phonePassword: string;
  /** Shown once; null when an earlier run showed it. */
  readonly adminKey: string | null;
  /** The run began without the secret keys that the installation had. */
  readonly hasLostKeys: boolean;
  readonly changes: number;
  readonly elapsedMs: number;
};

/** Renders the screen. */
export function renderScreen(parts: ScreenParts): string {
  const { facts, demo, testCall } = parts;
  const { settings } = facts;
  const phone = demo.phones[0];
  const rows: [string, string][] = [
    ['API', apiUrl(facts)],
    [
      'Admin key',
      parts.adminKey
        ? `${parts.adminKey}  (header X-Admin-Key; shown this once)`
        : 'shown once, only its hash is kept; ./provision.sh new-admin-key makes another',
    ],
    ...(phone
      ? phoneRows({ ...phone, password: parts.phonePassword, server: sipAddress(settings.BIND_ADDRESS), port: settings.SIP_PORT })
      : []),
    ...demo.agents.map((agent): [string, string] => [
      `Dial ${agent.number}`,
      `${agent.name} (${agent.language}), ${demo.organization.name}`,
    ]),
    ['Voice', 'espeak-ng'],
    ['Recognition', recognitionEngine(facts)],
    ['Calls at once', readLimit(facts)],
    ['Test call', `passed ${testCall.at}; heard:`],
    ...testCall.heard.map((text): [string, string] => ['', `"${text}"`]),
    ...(parts.hasLostKeys ? [['WARNING', LOST_KEYS_WARNING] as [string, string]] : []),
    ['Command', `${facts.command.link === 'ours' ? 'centralita' : commandPath(facts.home)} --help   (log in once: … login)`],
    ['Stop', './provision.sh stop   (also: start, status, logs [service])'],
    ['Files', `${facts.home}: settings in .env, logs in log/, recordings in instances/appliance/recordings`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const summary = `${parts.changes} ${parts.changes === 1 ? 'change' : 'changes'}, ${(parts.elapsedMs / 1000).toFixed(1)} s`;
  return ['', `Centralita is running (${summary}).`, '', ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`), ''].join(
    '\n',
  );
}

/** Which engine turns speech into text, and for whom it is good enough. */
export function recognitionEngine({ environmentText }: Pick<Facts, 'environmentText'>): string {
  return /^SPEECH_TO_TEXT_MODEL_DIR=.+/m.test(environmentText)
    ? 'sherpa-onnx, with the model of SPEECH_TO_TEXT_MODEL_DIR'
    : 'phrases: for demo and test voices only. For people, set SPEECH_TO_TEXT_MODEL_DIR in .env and run again';
}

type PhoneRow = Demo['phones'][number] & { password: string; server: string; port: number };

function phoneRows(phone: PhoneRow): [string, string][] {
  return [
    ['Softphone', `server ${phone.server}, port ${phone.port} UDP, user ${phone.username}, password ${phone.password}`],
    ['', `extension ${phone.extension}, ${phone.displayName}`],
  ];
}

function readLimit({ environmentText }: Facts): string {
  return /^MAX_CONCURRENT_CALLS=(\d+)/m.exec(environmentText)?.[1] ?? 'unknown';
}

/** The address a telephone on the network would use: the one that SIP is bound to, or the machine's first. */
function sipAddress(bindAddress: string): string {
  if (bindAddress !== '0.0.0.0') return bindAddress;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1';
}
