// The text of an API token: recognisable by secret scanners, long enough that nobody guesses it, and checkable without asking the database.
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Says what a found text is and where it belongs. */
export const TOKEN_PREFIX = 'cck_live_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 32 of 62 characters: 190 bits. */
const SECRET_LENGTH = 32;
/** 62^6 > 2^32: every CRC has a text of its own. */
const CHECKSUM_LENGTH = 6;
/** Bytes from here on are thrown away: 256 is no multiple of 62, and the remainder would favour the first letters. */
const UNBIASED_BYTES = 248;
/** Characters of a token that a list shows: enough to recognise one, and 24 of 32 stay unknown. */
const SHOWN_START_LENGTH = TOKEN_PREFIX.length + 4;
const SHOWN_END_LENGTH = 4;

/** A text with the form and the checksum of a token. Says nothing of its existence. */
export type TokenText = `${typeof TOKEN_PREFIX}${string}`;

/** Makes a new token. */
export function makeTokenText(): TokenText {
  let secret = '';
  while (secret.length < SECRET_LENGTH) {
    for (const byte of randomBytes(SECRET_LENGTH))
      if (byte < UNBIASED_BYTES && secret.length < SECRET_LENGTH) secret += ALPHABET[byte % 62];
  }
  return `${TOKEN_PREFIX}${secret}${checksum(secret)}`;
}

/** The token that a foreign text is, or null: a text that was mistyped or made up costs no query. */
export function parseTokenText(text: string): TokenText | null {
  if (!/^cck_live_[0-9A-Za-z]{38}$/.test(text)) return null;
  const secret = text.slice(TOKEN_PREFIX.length, -CHECKSUM_LENGTH);
  return text.endsWith(checksum(secret)) ? (text as TokenText) : null;
}

/** What is kept of a token's text to recognise it in a list. */
export function shownParts(text: TokenText): { prefix: string; lastFour: string } {
  return { prefix: text.slice(0, SHOWN_START_LENGTH), lastFour: text.slice(-SHOWN_END_LENGTH) };
}

function checksum(secret: string): string {
  let rest = crc32(`${TOKEN_PREFIX}${secret}`);
  let text = '';
  while (text.length < CHECKSUM_LENGTH) {
    text = `${ALPHABET[rest % 62]}${text}`;
    rest = Math.floor(rest / 62);
  }
  return text;
}
