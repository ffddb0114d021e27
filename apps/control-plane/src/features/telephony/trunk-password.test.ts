import { expect, it } from 'vitest';
import { openSecretKeys } from '#shared/secret-keys.ts';
import { openTrunkPassword, sealTrunkPassword } from './trunk-password.ts';

const keys = openSecretKeys({ 1: 'aa'.repeat(32) });

it('a password comes back for its own trunk, also after another key has become current', () => {
  const sealed = sealTrunkPassword(keys, 'trunk_1', 'contraseña; "x"');
  expect(sealed).not.toContain('contrase');
  expect(openTrunkPassword(openSecretKeys({ 1: 'aa'.repeat(32), 2: 'bb'.repeat(32) }), 'trunk_1', sealed)).toBe('contraseña; "x"');
  expect(sealTrunkPassword(keys, 'trunk_1', 'x')).not.toBe(sealTrunkPassword(keys, 'trunk_1', 'x'));
});

it('nothing comes back for another trunk, under another key, or from a text that was changed', () => {
  const sealed = sealTrunkPassword(keys, 'trunk_1', 'secret');
  expect(() => openTrunkPassword(keys, 'trunk_2', sealed)).toThrow(/authenticate/);
  expect(() => openTrunkPassword(openSecretKeys({ 1: 'bb'.repeat(32) }), 'trunk_1', sealed)).toThrow(/authenticate/);
  expect(() => openTrunkPassword(openSecretKeys({ 2: 'aa'.repeat(32) }), 'trunk_1', sealed)).toThrow(/version 1/);
  expect(() => openTrunkPassword(keys, 'trunk_1', `${sealed.slice(0, -4)}AAAA`)).toThrow(/authenticate/);
});
