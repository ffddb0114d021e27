// How well the channel of a caller or a representative is carried, asked while it is up: an ended channel answers no more, and only its last words bring the final count.
import type { LegQuality } from '#ports/call-control.ts';
import type { AsteriskParts } from './leg-media.ts';
import { QUALITY_EVERY_MS, QUALITY_FIRST_MS, QUALITY_REQUEST_MS } from './limits.ts';

/** Asterisk's counters. Its names look the wrong way round: `txjitter` is of what it receives (res_rtp_asterisk.c, ast_rtp_get_stat). */
type Counters = {
  readonly rxcount: number;
  readonly txcount: number;
  readonly rxploss: number;
  readonly txploss: number;
  /** s. */
  readonly txjitter: number;
  readonly rtt: number;
  /** Media experience score of our sound, which Asterisk makes of the party's own reports: 0 when there were none. */
  readonly rxmes: number;
  /** s; of the party's reports. */
  readonly remoteJitter: number;
};

/** The quality of one channel. Disposing it stops the asking. */
export type QualityWatch = Disposable & {
  /** The last known; null before the first answer. */
  latest(): LegQuality | null;
  /** Asks once more, of a channel that we are about to end: it lasts no longer for that than `QUALITY_REQUEST_MS`. Nothing after its end. Never rejects. */
  askLast(): Promise<void>;
  /** The channel ended: the final counters, from the variables that came with it. */
  ended(variables: Readonly<Record<string, unknown>> | undefined): void;
};

/** Starts to ask. A failed request is made up for by the next. */
export function watchQuality(parts: Pick<AsteriskParts, 'ari' | 'log'>, channelId: string): QualityWatch {
  let latest: { counters: Counters; quality: LegQuality } | null = null;
  let codec: string | null = null;
  let isOver = false;
  const ask = async (): Promise<void> => {
    const options = { signal: AbortSignal.timeout(QUALITY_REQUEST_MS) };
    codec ??= codecOf(
      (await parts.ari.call('channels.getChannelVar', { channelId, variable: 'CHANNEL(audionativeformat)' }, options)).value,
    );
    const counters = countersOf(await parts.ari.call('channels.rtpstatistics', { channelId }, options));
    latest = { counters, quality: qualityOf(counters, codec) };
  };
  const tryToAsk = async (): Promise<void> => {
    await ask().catch((error: unknown) => parts.log.debug({ err: error }, 'the quality of a channel could not be asked'));
  };
  let timer: NodeJS.Timeout;
  const plan = (ms: number): void => {
    timer = setTimeout(() => {
      void tryToAsk();
      plan(QUALITY_EVERY_MS);
    }, ms);
    timer.unref();
  };
  plan(QUALITY_FIRST_MS);
  return {
    latest: () => latest?.quality ?? null,
    askLast: async () => (isOver ? undefined : await tryToAsk()),
    ended(variables) {
      isOver = true;
      clearTimeout(timer);
      const counters = finalCounters(variables?.['RTPAUDIOQOS'], latest?.counters.remoteJitter ?? 0);
      if (counters !== null) latest = { counters, quality: qualityOf(counters, codec ?? '') };
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** `(ulaw)` and `ulaw|alaw` name their first one. */
function codecOf(formats: string): string {
  return /[a-z0-9]+/.exec(formats.toLowerCase())?.[0] ?? '';
}

function countersOf(answer: object): Counters {
  const numbers = answer as Readonly<Record<string, unknown>>;
  const of = (name: string): number => (typeof numbers[name] === 'number' && numbers[name] > 0 ? numbers[name] : 0);
  return {
    rxcount: of('rxcount'),
    txcount: of('txcount'),
    rxploss: of('rxploss'),
    txploss: of('txploss'),
    txjitter: of('txjitter'),
    rtt: of('rtt'),
    rxmes: of('rxmes'),
    remoteJitter: of('remote_normdevjitter'),
  };
}

/** From `ssrc=…;lp=0;rxjitter=0.0;rxcount=751;…`; null when it is not there. */
export function finalCounters(text: unknown, remoteJitter: number): Counters | null {
  if (typeof text !== 'string' || !text.includes('rxcount=')) return null;
  const values = new Map(text.split(';').map((pair) => pair.split('=') as [string, string]));
  const of = (name: string): number => Math.max(0, Number(values.get(name) ?? 0)) || 0;
  return {
    rxcount: of('rxcount'),
    txcount: of('txcount'),
    rxploss: of('lp'),
    txploss: of('rlp'),
    txjitter: of('txjitter'),
    rtt: of('rtt'),
    rxmes: of('rxmes'),
    remoteJitter,
  };
}

/** The counters as ratios. */
export function qualityOf(counters: Counters, codec: string): LegQuality {
  const { rxcount, txcount, rxploss, txploss, txjitter, rtt, rxmes, remoteJitter } = counters;
  const ratio = (lost: number, arrived: number): number => (lost === 0 ? 0 : Math.min(1, lost / (lost + arrived)));
  return {
    codec,
    packetsReceived: rxcount,
    packetsSent: txcount,
    receivedLossRatio: ratio(rxploss, rxcount),
    receivedJitterMs: txjitter * 1_000,
    reported:
      rxmes === 0 && rtt === 0
        ? null
        : { lossRatio: Math.min(1, txploss / Math.max(1, txcount)), jitterMs: remoteJitter * 1_000, roundTripMs: rtt * 1_000 },
  };
}
