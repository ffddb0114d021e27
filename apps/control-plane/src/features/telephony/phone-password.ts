// A phone's password: made by us, shown once, and kept only as the digest that SIP itself compares.
import { createHash, randomBytes } from 'node:crypto';

/** 144 random bits in 24 characters that every telephone's keypad page takes. */
const PASSWORD_BYTES = 18;
/** Asterisk's default realm, part of the digest. */
const REALM = 'asterisk';

/** A new random password. */
export function makePhonePassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/** HA1 of RFC 2617: whoever has it can register this phone here, and learns no password of anything else. */
export function digestHa1(username: string, password: string): string {
  return createHash('md5').update(`${username}:${REALM}:${password}`).digest('hex');
}
