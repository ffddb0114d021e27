import { expect, it } from 'vitest';
import { isBackchannel, isEcho, notAnInterruption } from './backchannel.ts';
import { FALSE_BARGE_IN_MS } from './limits.ts';

it('compares words without case, accents and punctuation', () => {
  expect(isBackchannel('  ¿MM,  hm?! ', 'es')).toBe(true);
  expect(isEcho('¡Que hora ES!', '¿Qué hora es?')).toBe(true);
});

it('knows what listeners say, in the language of the agent', () => {
  expect(isBackchannel('Ajá.', 'es-MX')).toBe(true);
  expect(isBackchannel('Uh-huh', 'en')).toBe(true);
  expect(isBackchannel('uh huh', 'es')).toBe(false);
  expect(isBackchannel('vale, pero espere', 'es')).toBe(false);
  expect(isBackchannel('aja', 'de')).toBe(false);
  expect(isBackchannel('', 'es')).toBe(false);
});

it('a plain yes or no is an answer, never a backchannel', () => {
  for (const text of ['sí', 'no']) expect(isBackchannel(text, 'es')).toBe(false);
  for (const text of ['yes', 'no']) expect(isBackchannel(text, 'en')).toBe(false);
});

it('takes three or more of the words being said for an echo, and two for chance', () => {
  const agentText = 'Abrimos de nueve a cinco, de lunes a viernes.';
  expect(isEcho('De nueve a cinco', agentText)).toBe(true);
  expect(isEcho('a cinco', agentText)).toBe(false);
  expect(isEcho('de nueve a seis', agentText)).toBe(false);
  expect(isEcho('e nueve a', agentText)).toBe(false);
});

it('tells an interruption from what was none', () => {
  const spoken = { text: 'espere', speechMs: 900, agentText: 'Abrimos de nueve a cinco', language: 'es' };
  expect(notAnInterruption(spoken)).toBeNull();
  expect(notAnInterruption({ ...spoken, text: 'abrimos de nueve' })).toBe('echo_ignored');
  expect(notAnInterruption({ ...spoken, text: 'claro' })).toBe('false_barge_in');
  expect(notAnInterruption({ ...spoken, text: '', speechMs: FALSE_BARGE_IN_MS - 1 })).toBe('false_barge_in');
  expect(notAnInterruption({ ...spoken, text: '', speechMs: FALSE_BARGE_IN_MS })).toBeNull();
});
