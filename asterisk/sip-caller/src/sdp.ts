// The session description of a G.711 call: one audio stream, 20 ms packets, DTMF as RFC 4733 events.
import { alaw, ulaw } from '@centralita/control-plane/audio/g711.ts';
import type { G711Codec } from '@centralita/control-plane/audio/g711.ts';

/** Payload type that we offer for DTMF events. */
export const DTMF_PAYLOAD = 101;

/** Where and how the other side wants its audio. */
export type RemoteMedia = { readonly host: string; readonly port: number; readonly codec: G711Codec; readonly dtmfPayload: number | null };

/** Our description. The first codec is the preferred one. */
export function formatSdp(local: { host: string; port: number; codecs: readonly G711Codec[]; dtmfPayload?: number }): string {
  const dtmf = local.dtmfPayload ?? DTMF_PAYLOAD;
  const payloads = local.codecs.map((codec) => codec.payloadType);
  return [
    'v=0',
    `o=- ${local.port} 1 IN IP4 ${local.host}`,
    's=-',
    `c=IN IP4 ${local.host}`,
    't=0 0',
    `m=audio ${local.port} RTP/AVP ${[...payloads, dtmf].join(' ')}`,
    ...payloads.map((payload) => `a=rtpmap:${payload} ${payload === 0 ? 'PCMU' : 'PCMA'}/8000`),
    `a=rtpmap:${dtmf} telephone-event/8000`,
    `a=fmtp:${dtmf} 0-16`,
    'a=ptime:20',
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** Reads the other side's description; null when it offers no G.711 audio. */
export function parseSdp(text: string): RemoteMedia | null {
  const lines = text.split(/\r?\n/);
  const mediaAt = lines.findIndex((line) => line.startsWith('m=audio '));
  const [, portText, , ...payloads] = (lines[mediaAt] ?? '').split(' ');
  const connection = lines.slice(mediaAt).find(isConnection) ?? lines.find(isConnection);
  const host = connection?.split(' ')[2];
  const payload = payloads.find((given) => given === '0' || given === '8');
  if (mediaAt < 0 || !host || !payload) return null;
  const event = lines.map((line) => /^a=rtpmap:(\d+) telephone-event\/8000/.exec(line)?.[1]).find((found) => found !== undefined);
  return { host, port: Number(portText), codec: payload === '0' ? ulaw : alaw, dtmfPayload: event === undefined ? null : Number(event) };
}

function isConnection(line: string): boolean {
  return line.startsWith('c=IN IP4 ');
}
