/** The whole product on a laptop: PGlite for PostgreSQL, stand-ins for Asterisk and the inference server on real sockets, no root, no Debian. */
import { sql } from 'drizzle-orm';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlPlane } from '#app/control-plane.ts';
import { openProcessMetrics } from '#app/metrics.ts';
import type { AsteriskOptions } from '#adapters/asterisk/asterisk.ts';
import { openAsterisk } from '#adapters/asterisk/asterisk.ts';
import { createHashedNgramEmbedding } from '#adapters/embedding/hashed-ngram.ts';
import { createOutboundHttp } from '#adapters/http-tool/outbound-http.ts';
import { openTriton } from '#adapters/triton/triton.ts';
import { openDatabase } from '#db/client.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { createPglite } from '#db/pglite.ts';
import { seedDemo } from '#features/appliance/seed-demo.ts';
import type { AnnouncementName, AnnouncementStore } from '#ports/announcement-store.ts';
import type { CallEvent } from '#ports/call-event.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import type { AsteriskStandIn } from './asterisk-stand-in.ts';
import { openAsteriskStandIn } from './asterisk-stand-in.ts';
import type { StandInLeg, StandInPhone } from './asterisk-stand-in-leg.ts';
import { createEnergyVoiceActivity } from './energy-voice-activity.ts';
import { openSandboxInference } from './inference-stand-in.ts';
import { encodeText } from './text-modem.ts';

/** What the caller's telephone shows. */
const CALLER_NUMBER = '5550100';
/** The longest that an agent's settings allow, 60 s: typing takes longer than speaking. */
const NO_INPUT_MS = 60_000;
const MAX_CONCURRENT_CALLS = 10;
const INFERENCE_DEADLINE_MS = 5_000;
const ANNOUNCEMENTS: Readonly<Record<AnnouncementName, Readonly<Record<string, string>>>> = {
  apology: {
    es: 'Lo sentimos, tenemos un problema técnico. Por favor, llame más tarde.',
    en: 'We are sorry, we have a technical problem. Please call later.',
  },
  filler: { es: 'Un momento.', en: 'One moment.' },
  resume: { es: 'Perdone, siga.', en: 'Sorry, go on.' },
};

/** The running product and its telephone exchange. */
export type Sandbox = AsyncDisposable & {
  /** The control plane's HTTP API, such as `http://127.0.0.1:8080`. */
  readonly httpAddress: string;
  /** Opens the admin part of the API. */
  readonly adminKey: string;
  /** Language of each demo agent -> the number to dial. */
  readonly numbers: ReadonlyMap<string, string>;
  /** A caller dials. */
  placeCall(dialledNumber: string): StandInLeg;
  /** What is left over in the exchange; all empty between calls. */
  leftovers(): { readonly channels: readonly string[]; readonly bridges: readonly string[]; readonly mediaSockets: number };
};

export type SandboxOptions = {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Port of the HTTP API; 0 takes a free one. */
  readonly httpPort: number;
  /** Called when the representative's telephone rings. */
  readonly onRing: (phone: StandInPhone) => void;
  /** Hears of everything that happens in calls. */
  readonly observeCall?: (event: CallEvent) => void;
};

/** Opens everything; what was opened is closed again when a later part fails. */
export async function openSandbox({ log, signal, httpPort, onRing, observeCall }: SandboxOptions): Promise<Sandbox> {
  await using opening = new AsyncDisposableStack();
  const pglite = await createPglite();
  await migrateDatabase({ kind: 'pglite', pglite });
  const database = opening.use(await openDatabase({ kind: 'pglite', pglite }));
  const seed = await seedDemo(database, mintApplianceScope(), { phonePassword: randomBytes(12).toString('base64url') });
  await database.inAppliance(mintApplianceScope(), (queries) =>
    queries.execute(sql`update agents set profile = jsonb_set(profile, '{conversation,noInputMs}', ${String(NO_INPUT_MS)}::jsonb)`),
  );

  const inference = opening.use(await openSandboxInference());
  const role = { url: inference.url, deadlineMs: INFERENCE_DEADLINE_MS };
  const triton = opening.use(openTriton({ speechToText: role, textToSpeech: role, languageModel: null }));

  const exchange = opening.use(await openAsteriskStandIn());
  for (const phone of seed.phones) exchange.registerPhone(`PJSIP/${phone.username}`, onRing);
  const metrics = openProcessMetrics(systemClock);
  const asterisk = opening.use(await openAsteriskOf(exchange, { log, signal, observer: metrics.telephony }));

  const adminKey = randomBytes(24).toString('base64url');
  const plane = opening.use(
    await createControlPlane({
      ...triton.models,
      config: sandboxConfig(adminKey, httpPort),
      database,
      callControl: asterisk,
      directory: asterisk.directory,
      recordings: null,
      embeddings: [createHashedNgramEmbedding()],
      outboundHttp: createOutboundHttp({ allowedNetworks: [] }),
      voiceActivity: createEnergyVoiceActivity(),
      announcements: modemAnnouncements,
      checks: [],
      clock: systemClock,
      log,
      metrics,
      ...(observeCall && { observeCall }),
    }),
  );
  const opened = opening.move();
  return {
    httpAddress: plane.httpAddress,
    adminKey,
    numbers: new Map(seed.agents.map((agent) => [agent.language, agent.number])),
    placeCall: (dialledNumber) => exchange.placeCall({ dialledNumber, callerNumber: CALLER_NUMBER }),
    leftovers: () => exchange.leftovers(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function openAsteriskOf(
  { url, username, password, application }: AsteriskStandIn,
  rest: Pick<AsteriskOptions, 'log' | 'signal' | 'observer'>,
) {
  const nowMs = () => systemClock.nowMs();
  return openAsterisk({ url, username, password, application, recordingsFolder: null, nowMs, ...rest });
}

/** What the operator would say: secrets of this life alone, and nothing that outlives it. */
function sandboxConfig(adminKey: string, httpPort: number) {
  return {
    http: { host: '127.0.0.1', port: httpPort },
    adminKeyHash: async () => createHash('sha256').update(adminKey).digest('hex'),
    secretKeys: openSecretKeys({ 1: randomBytes(32).toString('hex') }),
    recordingsDir: null,
    exportDays: 30,
    exportsDir: join(tmpdir(), `centralita-sandbox-exports-${process.pid}`),
    publicUrl: null,
    trustedProxies: [],
    maxConcurrentCalls: MAX_CONCURRENT_CALLS,
    maxCallMs: 3_600_000,
    drainMs: 0,
  };
}

const modemAnnouncements: AnnouncementStore = {
  find(name, language) {
    const text = ANNOUNCEMENTS[name][language.split('-')[0] ?? ''];
    return text === undefined ? null : encodeText(text);
  },
};
