/** A carrier that wants a password: challenges each REGISTER and says whether the answer was right. */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { SipCredentials } from '@centralita/sip-caller/sip-digest.ts';
import { formatSip, headerOf, parseSip } from '@centralita/sip-caller/sip-message.ts';
import type { SipRequest } from '@centralita/sip-caller/sip-message.ts';

const REALM = 'carrier.example';
const NONCE = '5f2c1d';

/** The open registrar. */
export type CarrierRegistrar = AsyncDisposable & {
  /** The first registration that carried the right answer, as the user that it names. */
  readonly registered: Promise<string>;
};

/** Listens on the loopback. */
export async function openCarrierRegistrar(port: number, credentials: SipCredentials): Promise<CarrierRegistrar> {
  const socket = createSocket('udp4');
  const registered = Promise.withResolvers<string>();
  socket.on('message', (bytes, from) => {
    const request = parseSip(bytes);
    if (request?.kind !== 'request' || request.method !== 'REGISTER') return;
    const isRight = answersChallenge(request, credentials);
    const echoed = ['Via', 'From', 'Call-ID', 'CSeq', 'Contact'].map((name) => [name, headerOf(request, name)] as const);
    const headers = [
      ...echoed,
      ['To', `${headerOf(request, 'To')};tag=carrier`] as const,
      isRight ? (['Expires', '3600'] as const) : (['WWW-Authenticate', `Digest realm="${REALM}", nonce="${NONCE}"`] as const),
    ];
    const answer = isRight ? { status: 200, reason: 'OK' } : { status: 401, reason: 'Unauthorized' };
    socket.send(formatSip({ kind: 'response', ...answer, headers, body: '' }), from.port, from.address);
    if (isRight) registered.resolve(credentials.username);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    registered: registered.promise,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** RFC 2617 without qop, worked out here anew: the answer is Asterisk's. */
function answersChallenge(request: SipRequest, { username, password }: SipCredentials): boolean {
  const given = headerOf(request, 'Authorization');
  const field = (name: string): string => new RegExp(`[\\s,]${name}="([^"]*)"`).exec(given)?.[1] ?? '';
  const hash = (text: string): string => createHash('md5').update(text).digest('hex');
  const expected = hash(`${hash(`${username}:${REALM}:${password}`)}:${NONCE}:${hash(`REGISTER:${field('uri')}`)}`);
  return field('username') === username && field('response') === expected;
}
