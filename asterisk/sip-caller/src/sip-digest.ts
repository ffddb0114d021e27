// Digest authentication, as REGISTER and INVITE are challenged with.
import { createHash, randomBytes } from 'node:crypto';

/** Who we say we are. */
export type SipCredentials = { readonly username: string; readonly password: string };
type Asked = { readonly method: string; readonly uri: string; readonly cnonce?: string };

/** The value of Authorization that answers a challenge (the value of WWW-Authenticate or Proxy-Authenticate); null when it is not Digest. */
export function answerChallenge(challenge: string, credentials: SipCredentials, asked: Asked): string | null {
  if (!/^digest\s/i.test(challenge)) return null;
  const field = (name: string) => new RegExp(`[\\s,]${name}=(?:"([^"]*)"|([^",\\s]+))`, 'i').exec(challenge);
  const value = (name: string) => field(name)?.[1] ?? field(name)?.[2] ?? '';
  const algorithm = value('algorithm').toUpperCase() || 'MD5';
  const hashName = { MD5: 'md5', 'SHA-256': 'sha256' }[algorithm];
  if (!hashName) return null;
  const hash = (text: string) => createHash(hashName).update(text).digest('hex');
  const cnonce = asked.cnonce ?? randomBytes(8).toString('hex');
  const who = hash(`${credentials.username}:${value('realm')}:${credentials.password}`);
  const what = hash(`${asked.method}:${asked.uri}`);
  const isAuth = value('qop')
    .split(/\s*,\s*/)
    .includes('auth');
  const response = isAuth ? hash(`${who}:${value('nonce')}:00000001:${cnonce}:auth:${what}`) : hash(`${who}:${value('nonce')}:${what}`);
  const fields = [
    `username="${credentials.username}"`,
    `realm="${value('realm')}"`,
    `nonce="${value('nonce')}"`,
    `uri="${asked.uri}"`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(isAuth ? ['qop=auth', 'nc=00000001', `cnonce="${cnonce}"`] : []),
    ...(value('opaque') ? [`opaque="${value('opaque')}"`] : []),
  ];
  return `Digest ${fields.join(', ')}`;
}
