// SIP messages as data: parsed from a datagram, written into one.

/** Header fields in the order of the message. */
export type SipHeaders = readonly (readonly [name: string, value: string])[];
export type SipRequest = {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: SipHeaders;
  readonly body: string;
};
export type SipResponse = {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: SipHeaders;
  readonly body: string;
};
export type SipMessage = SipRequest | SipResponse;

const longNames: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
};

/** Reads a datagram; null when it is not a SIP message (keep-alives, garbage). */
export function parseSip(bytes: Uint8Array): SipMessage | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [startLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers: [string, string][] = [];
  for (const line of lines) {
    const last = headers.at(-1);
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && last) last[1] += ` ${line.trim()}`;
    else if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
    else return null;
  }
  const body = text.slice(headEnd + 4);
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(startLine);
  if (response) return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body };
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(startLine);
  return request ? { kind: 'request', method: request[1] as string, uri: request[2] as string, headers, body } : null;
}

/** Writes a message; Content-Length is added here. */
export function formatSip(message: SipMessage): Buffer {
  const startLine = message.kind === 'request' ? `${message.method} ${message.uri} SIP/2.0` : `SIP/2.0 ${message.status} ${message.reason}`;
  const headers = [...message.headers, ['Content-Length', String(Buffer.byteLength(message.body))] as const];
  return Buffer.from(`${startLine}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${message.body}`);
}

/** Every value of a header field; its name in any case, compact form included. */
export function headersOf(message: SipMessage, name: string): string[] {
  const wanted = name.toLowerCase();
  return message.headers.filter(([given]) => longName(given) === wanted).map(([, value]) => value);
}

/** The first value of a header field, or an empty text. */
export function headerOf(message: SipMessage, name: string): string {
  return headersOf(message, name)[0] ?? '';
}

/** A parameter such as `tag` or `branch` of a header value; empty when absent. */
export function parameterOf(value: string, name: string): string {
  return new RegExp(`[;\\s]${name}=("?)([^";,\\s>]*)\\1`, 'i').exec(value)?.[2] ?? '';
}

/** The URI of a From, To, Contact or Record-Route value, without its angle brackets and the parameters outside of them. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]?.trim() ?? '';
}

/** Number and method of CSeq. */
export function cseqOf(message: SipMessage): { number: number; method: string } {
  const [number = '0', method = ''] = headerOf(message, 'cseq').split(/\s+/);
  return { number: Number(number), method };
}

function longName(name: string): string {
  const lower = name.toLowerCase();
  return longNames[lower] ?? lower;
}
