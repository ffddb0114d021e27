import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatPcm, framesOf, FRAME_SAMPLES } from '#audio/frame.ts';
import { BYTE_SAMPLES } from './modem-signal.ts';
import { decodeText, encodeText, openModemReader } from './text-modem.ts';

const spanish = fc.string({ unit: fc.constantFrom(...'abcñÑáéíóúü¿¡ ,.0123456789€'.split('')), minLength: 1, maxLength: 30 });
const anyText = fc.oneof(spanish, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }));
const silence = (samples: number) => new Int16Array(samples);
const runs = { numRuns: 40 };

describe('the text modem', () => {
  it('carries any text, whatever silence stands around it', () => {
    fc.assert(
      fc.property(anyText, fc.nat(3_000), fc.nat(3_000), (text, before, after) => {
        const sound = concatPcm([silence(before), encodeText(text), silence(after)]);
        expect(decodeText(sound)).toBe(text);
      }),
      runs,
    );
  });

  it('gives the same text when the sound arrives in pieces of any length', () => {
    fc.assert(
      fc.property(spanish, fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 20 }), (text, lengths) => {
        const sound = concatPcm([encodeText(text), silence(400)]);
        const decoder = openModemReader();
        let heard = '';
        for (let at = 0, turn = 0; at < sound.length; turn++) {
          const length = lengths[turn % lengths.length]!;
          heard += decoder.push(sound.subarray(at, at + length));
          at += length;
        }
        expect(heard).toBe(text);
      }),
      runs,
    );
  });

  it('cut short anywhere says the beginning of the text, and as much of it as was heard', () => {
    fc.assert(
      fc.property(spanish, fc.double({ min: 0, max: 1, noNaN: true }), (text, part) => {
        const sound = encodeText(text);
        const heard = decodeText(concatPcm([sound.slice(0, Math.floor(sound.length * part)), silence(2_000)]));
        expect(text.startsWith(heard)).toBe(true);
        const bytesHeard = Math.floor((sound.length * part - 5 * FRAME_SAMPLES) / BYTE_SAMPLES);
        // The last letter may take up to three bytes, of which some came.
        expect(Buffer.byteLength(heard)).toBeGreaterThanOrEqual(bytesHeard - 2);
      }),
      runs,
    );
  });

  it('finds the next text after one that was cut short', () => {
    fc.assert(
      fc.property(spanish, spanish, fc.nat(1_000), (first, second, cut) => {
        const spoken = encodeText(first);
        const kept = spoken.slice(0, Math.max(0, spoken.length - 1 - cut));
        const heard = decodeText(concatPcm([kept, encodeText(second)]));
        expect(heard.endsWith(second)).toBe(true);
      }),
      runs,
    );
  });

  it('loses only the beginning when the beginning is cut off', () => {
    const sound = encodeText('quiero una cita');
    expect(decodeText(sound.slice(5 * FRAME_SAMPLES + 3 * BYTE_SAMPLES - 100))).toBe('ero una cita');
  });

  it('survives noise 20 dB below it', () => {
    let state = 1;
    const noisy = encodeText('¿A qué hora abren mañana?').map((sample) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return sample + ((state >>> 16) / 32_768 - 1) * 900;
    });
    expect(decodeText(noisy)).toBe('¿A qué hora abren mañana?');
  });

  it('hears nothing in silence, noise, a tone, or itself backwards', () => {
    const tone = Int16Array.from({ length: 16_000 }, (_, index) => 8_000 * Math.sin((2 * Math.PI * 1_200 * index) / 16_000));
    let state = 1;
    const noise = Int16Array.from({ length: 16_000 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return ((state >>> 16) / 32_768 - 1) * 8_000;
    });
    for (const sound of [silence(16_000), tone, noise, encodeText('hola').toReversed()]) expect(decodeText(sound)).toBe('');
  });

  it('makes whole frames', () => {
    expect([...framesOf(encodeText('sí'))].length * FRAME_SAMPLES).toBe(encodeText('sí').length);
    expect(encodeText('')).toHaveLength(0);
  });
});
