/** What benchmarks of live calls share: the product on real Asterisk with stand-in models, a carrier that places calls, and the journal. */
import { addOrganization } from '@centralita/e2e/rig-seed.ts';
import { openRig } from '@centralita/e2e/rig.ts';
import type { Rig } from '@centralita/e2e/rig.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import type { SipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { databaseUrl } from '@centralita/provision/instance.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import type { AgentProfile, ConversationSettings } from '@centralita/control-plane/ports/agent-profile.ts';
import { benchAgent } from './bench-agent.ts';
import { openJournalReader } from './journal-reader.ts';
import type { JournalReader } from './journal-reader.ts';
import { openModelStandInProcess } from './model-stand-in-process.ts';
import type { ModelStandIn, ModelStandInOptions } from './model-stand-in.ts';

/** First port of every bench: they run one after another. */
export const BASE_PORT = 17_000;
const CALLER_RTP_PORTS = { from: 28_000, to: 29_998 };
/** The models of the promised figures, ms. Text comes at once after its first piece, so that a reply's first sentence costs nothing more. */
export const modelTimes = { speechToTextMs: 80, firstDeltaMs: 120, betweenDeltasMs: 0, textToSpeechMs: 80 } as const;

/** In words, for a bench's output. */
export const liveCallStandIns = [
  `models in a process of their own answer after fixed delays: speech to text ${modelTimes.speechToTextMs} ms, first text ${modelTimes.firstDeltaMs} ms, first sound ${modelTimes.textToSpeechMs} ms; their voice is noise, what they understand and write is a numbered phrase`,
  'callers are espeak-ng voices over SIP and G.711 in the process of the bench, on the same machine as Asterisk, PostgreSQL and the control plane, which are real',
];

/** Numbers of the bench's agents. */
export const BENCH_NUMBER = '4001';
const ORGANIZATION = 'Bench';

export type BenchRigOptions = {
  readonly name: string;
  readonly maxConcurrentCalls: number;
  readonly models?: ModelStandInOptions;
  /** Environment of the control plane besides the rig's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Agents besides the usual one at 4001: number -> what differs. */
  readonly agents?: Readonly<Record<string, Partial<ConversationSettings>>>;
  /** Agents of the bench's own making: number -> agent. */
  readonly ownAgents?: Readonly<Record<string, Omit<AgentProfile, 'agentId'>>>;
};

/** Disposing ends all processes. */
export type BenchRig = AsyncDisposable & {
  readonly rig: Rig;
  readonly standIn: ModelStandIn;
  readonly caller: SipCaller;
  readonly journal: JournalReader;
  readonly database: Database;
};

/** For whoever looks for what limits a figure: BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=DIR" profiles the control plane. */
export function nodeFlags(): string[] {
  return process.env['BENCH_NODE_FLAGS']?.split(' ') ?? [];
}

/** Starts everything; takes some seconds, a minute more where the private root is not built yet. */
export async function openBenchRig(options: BenchRigOptions): Promise<BenchRig> {
  await using opened = new AsyncDisposableStack();
  const models = { ...modelTimes, heard: 'frase {n}', reply: 'Respuesta {n}. ', ...options.models };
  const standIn = opened.use(await openModelStandInProcess(models));
  const rig = opened.use(
    await openRig({
      name: `bench-${options.name}`,
      basePort: BASE_PORT,
      maxConcurrentCalls: options.maxConcurrentCalls,
      models: { speechToText: standIn.url, textToSpeech: standIn.url, languageModel: standIn.url },
      nodeFlags: nodeFlags(),
      ...(options.settings && { settings: options.settings }),
    }),
  );
  const database = opened.use(await openDatabase({ kind: 'server', url: databaseUrl(rig.instance, 'app') }));
  for (const [number, differs] of Object.entries({ [BENCH_NUMBER]: {}, ...options.agents }))
    await addOrganization(database, { name: `${ORGANIZATION} ${number}`, number, draft: benchAgent(differs) });
  for (const [number, draft] of Object.entries(options.ownAgents ?? {}))
    await addOrganization(database, { name: `${ORGANIZATION} ${number}`, number, draft });
  const server = { host: '127.0.0.1', port: rig.ports.sip };
  const caller = opened.use(await openSipCaller({ server, rtpPorts: CALLER_RTP_PORTS, username: 'bench' }));
  const running = opened.move();
  return { rig, standIn, caller, database, journal: openJournalReader(database), [Symbol.asyncDispose]: () => running.disposeAsync() };
}
