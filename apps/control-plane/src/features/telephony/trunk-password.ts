// The passwords that carriers gave us: we must say them again, so they are sealed.
import { openSealedText, sealText } from '#shared/sealed-text.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';

/** Seals a trunk's password, bound to the trunk. */
export function sealTrunkPassword(keys: SecretKeys, trunkId: string, password: string): string {
  return sealText(keys, { purpose: 'trunk-password', owner: trunkId }, password);
}

/** Opens it. Throws when it was sealed for another trunk, under a key that is gone, or was changed. */
export function openTrunkPassword(keys: SecretKeys, trunkId: string, sealed: string): string {
  return openSealedText(keys, { purpose: 'trunk-password', owner: trunkId }, sealed);
}
