import { expect, test } from 'vitest';
import { catalogForTests } from '#testing/espeak-on-this-machine.ts';
import { hasVoice, parseVoiceCatalog, voiceForLanguage } from './voice-catalog.ts';

const voices = `Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  es              --/M      Spanish_(Spain)    roa/es
 5  es-419          --/M      Spanish_(Latin_America) roa/es-419           (es-mx 6)(es 6)
 7  es-vz           --/M      venezuala-mbrola-1 mb/mb-vz1            (es 8)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
`;
const variants = ` 5  variant         --/F      female3            !v/f3\n 5  variant         --/M      Andy            !v/Andy\n`;
const catalog = parseVoiceCatalog(voices, variants);

test.each([
  ['es', 'es'],
  ['es-ES', 'es'],
  ['es-MX', 'es-419'],
  ['es_419', 'es-419'],
  ['es-AR', 'es'],
  ['en', 'en-us'],
  ['en-GB', 'en-gb'],
  ['en-AU', 'en-us'],
  ['pt', null],
  ['', null],
])('%s is spoken by %s', (language, voice) => {
  expect(voiceForLanguage(catalog, language)).toBe(voice);
});

test.each([
  ['es-419', true],
  ['es-419+f3', true],
  ['en-us+Andy', true],
  ['es+ghost', false],
  ['xx', false],
  ['es-vz', false],
  ['--stdin', false],
  ['es+f3;reboot', false],
  ['../../etc/passwd', false],
  ['', false],
])('voice %j is %s', (voice, isThere) => {
  expect(hasVoice(catalog, voice)).toBe(isThere);
});

test('the real espeak-ng has the Spanish and English voices of our agents, with timbres', async () => {
  const real = await catalogForTests();
  for (const voice of ['es', 'es-419', 'en-us', 'en-gb', 'es-419+f3', 'en-us+m1'])
    expect([voice, hasVoice(real, voice)]).toEqual([voice, true]);
  expect(voiceForLanguage(real, 'en')).toBe('en-us');
  expect(voiceForLanguage(real, 'es')).toBe('es');
});
