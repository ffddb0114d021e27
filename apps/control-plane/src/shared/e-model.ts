// What packet loss, jitter and delay do to a conversation, as one number: the E-model of ITU-T G.107, simplified to what a packet network changes.

/** How a line was measured. */
export type LineFigures = {
  /** Asterisk's name of the codec, such as `ulaw`. */
  readonly codec: string;
  /** 0 to 1. */
  readonly lossRatio: number;
  readonly jitterMs: number;
  /** Null: unknown, taken as none. */
  readonly roundTripMs: number | null;
};

/** R of a line without any impairment of its own, with all of G.107's defaults (06/2015, clause 7.7). */
const DEFAULT_R = 93.2;
/** Sound of one packet: it is said before it is sent. */
const PACKET_MS = 20;
/** Delay beyond which people begin to talk into each other: the bend of the delay's curve (Cole and Rosenbluth 2001, after G.107's Idd). */
const DELAY_BEND_MS = 177.3;
/** A receiver's buffer holds about twice the jitter, so that few packets come too late for it. */
const BUFFER_PER_JITTER = 2;

/** What a codec costs by itself (Ie) and how well it hides lost packets (Bpl): ITU-T G.113 (11/2007), Appendix I, tables I.1 to I.4; G.711 with its packet-loss concealment. */
const CODECS: Readonly<Record<string, { readonly impairment: number; readonly robustness: number }>> = {
  ulaw: { impairment: 0, robustness: 25.1 },
  alaw: { impairment: 0, robustness: 25.1 },
  g729: { impairment: 11, robustness: 19 },
  gsm: { impairment: 20, robustness: 10 },
};
/** A codec without figures of its own, such as G.722, is taken for G.711 without concealment: it is not worse. */
const OTHER_CODEC = { impairment: 0, robustness: 4.3 };

/** Transmission rating R, 0 to 93.2. */
export function ratingOf({ codec, lossRatio, jitterMs, roundTripMs }: LineFigures): number {
  const { impairment, robustness } = CODECS[codec] ?? OTHER_CODEC;
  const delayMs = (roundTripMs ?? 0) / 2 + PACKET_MS + BUFFER_PER_JITTER * jitterMs;
  const delayImpairment = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - DELAY_BEND_MS);
  const lossPercent = lossRatio * 100;
  // Random loss: BurstR is 1 (G.107, 7-29).
  const equipmentImpairment = impairment + ((95 - impairment) * lossPercent) / (lossPercent + robustness);
  return Math.max(0, DEFAULT_R - delayImpairment - equipmentImpairment);
}

/** Mean opinion score of a rating, 1 to 4.5 (G.107, Annex B). */
export function meanOpinionScore(rating: number): number {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}
