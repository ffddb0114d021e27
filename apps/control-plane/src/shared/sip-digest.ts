// What SIP keeps of a password.
import { createHash } from 'node:crypto';

/** Asterisk's default realm, part of the digest. */
const REALM = 'asterisk';

/** HA1 of RFC 2617, 32 hexadecimal digits: whoever has it can register this user here, and learns no password of anything else. */
export function digestHa1(username: string, password: string): string {
  return createHash('md5').update(`${username}:${REALM}:${password}`).digest('hex');
}
