// A phone's password: made by us, shown once, and kept only as the digest that SIP itself compares.
import { randomBytes } from 'node:crypto';

/** 144 random bits in 24 characters that every telephone's settings take. */
const PASSWORD_BYTES = 18;

/** A new random password. */
export function makePhonePassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}
