/** SIP that nobody should send: the messages of a call, each damaged in a way of its own, the same ones for the same seed. */
import { formatSip } from '@centralita/sip-caller/sip-message.ts';
import type { SipHeaders, SipRequest } from '@centralita/sip-caller/sip-message.ts';
import { formatSdp } from '@centralita/sip-caller/sdp.ts';
import { ulaw } from '@centralita/control-plane/audio/g711.ts';

/** Whom the messages are for and who seems to send them. */
export type MutationOptions = {
  readonly seed: number;
  readonly count: number;
  /** `host:port` of the server. */
  readonly server: string;
  readonly dialled: string;
  readonly from: { readonly host: string; readonly port: number };
};

const METHODS = ['INVITE', 'REGISTER', 'OPTIONS', 'BYE', 'CANCEL', 'ACK', 'INFO', 'REFER', 'SUBSCRIBE', 'UPDATE'] as const;
/** Values on which parsers of SIP have fallen before: empty, huge, negative, not ASCII, format strings, folded. */
const BAD_VALUES = ['', ' ', '-1', '99999999999999999999', '\0', '%n%s%x', 'é'.repeat(300), 'A'.repeat(5_000), '<<<>>>', ';;=;', '\r\n '];
/** A datagram carries no more. */
const MAX_BYTES = 60_000;

type Random = () => number;

/** The damaged messages, in order. */
export function* mutatedSip(options: MutationOptions): Generator<Buffer> {
  const random = randomFrom(options.seed);
  for (let index = 0; index < options.count; index += 1) {
    const whole = validRequest(options, { method: pick(METHODS, random), index });
    const damage = pick([badHeader, badStartLine, badSdp, badBytes, truncated, badLength], random);
    yield damage(whole, random).subarray(0, MAX_BYTES);
  }
}

/** Mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function validRequest(options: MutationOptions, { method, index }: { method: string; index: number }): SipRequest {
  const { server, dialled, from, seed } = options;
  const headers: SipHeaders = [
    ['Via', `SIP/2.0/UDP ${from.host}:${from.port};rport;branch=z9hG4bK-mutated-${seed}-${index}`],
    ['Max-Forwards', '70'],
    ['From', `<sip:mutant@${server}>;tag=mutant${index}`],
    ['To', `<sip:${dialled}@${server}>`],
    ['Call-ID', `mutated-${seed}-${index}@${from.host}`],
    ['CSeq', `1 ${method}`],
    ['Contact', `<sip:mutant@${from.host}:${from.port}>`],
    ['Content-Type', 'application/sdp'],
  ];
  const body = formatSdp({ host: from.host, port: from.port + 2, codecs: [ulaw] });
  return { kind: 'request', method, uri: `sip:${dialled}@${server}`, headers, body };
}

function badHeader(request: SipRequest, random: Random): Buffer {
  const [name] = pick(request.headers, random);
  const value = pick(BAD_VALUES, random);
  const headers = request.headers.map((header): readonly [string, string] => (header[0] === name ? [name, value] : header));
  // Some lose the field, some have it twice with two meanings.
  if (random() < 0.2) return formatSip({ ...request, headers: headers.filter((header) => header[0] !== name) });
  return formatSip({ ...request, headers: random() < 0.3 ? [...request.headers, [name, value]] : headers });
}

function badStartLine(request: SipRequest, random: Random): Buffer {
  const method = random() < 0.5 ? request.method : pick(BAD_VALUES, random);
  return formatSip({ ...request, method, uri: `sip:${pick(BAD_VALUES, random)}@${pick(BAD_VALUES, random)}` });
}

function badSdp(request: SipRequest, random: Random): Buffer {
  const lines = request.body.split('\r\n');
  const at = Math.floor(random() * lines.length);
  const type = lines[at]?.slice(0, 2) ?? 'm=';
  lines[at] = type + pick(BAD_VALUES, random);
  return formatSip({ ...request, body: lines.join('\r\n') });
}

function badBytes(request: SipRequest, random: Random): Buffer {
  const bytes = formatSip(request);
  for (let changes = 1 + Math.floor(random() * 20); changes > 0; changes -= 1) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return bytes;
}

function truncated(request: SipRequest, random: Random): Buffer {
  const bytes = formatSip(request);
  return bytes.subarray(0, Math.floor(random() * bytes.length));
}

function badLength(request: SipRequest, random: Random): Buffer {
  return Buffer.from(
    formatSip(request)
      .toString('latin1')
      .replace(/Content-Length: \d+/, `Content-Length: ${pick(BAD_VALUES, random)}`),
    'latin1',
  );
}
