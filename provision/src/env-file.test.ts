// The environment file belongs to the operator as well: what is his stays.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeEnvFile, parseEnvFile } from './env-file.ts';

describe('merging the environment file', () => {
  it('replaces our keys in their lines and keeps comments, unknown keys and their order', () => {
    const before = '# mine\nEXTRA=1\nHTTP_PORT=8080\n\nOTHER="two words"\n';
    expect(mergeEnvFile(before, { HTTP_PORT: '9090', NEW_KEY: 'x' })).toBe(
      '# mine\nEXTRA=1\nHTTP_PORT=9090\n\nOTHER="two words"\nNEW_KEY=x\n',
    );
  });

  it('leaves a line alone whose value is the same however it is quoted', () => {
    const before = "HTTP_PORT='8080'\n";
    expect(mergeEnvFile(before, { HTTP_PORT: '8080' })).toBe(before);
  });

  it('reads back what it wrote, and writing again changes nothing', () => {
    const value = fc.string().filter((text) => !/[\n\r']/.test(text) && text.trim() === text);
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,10}$/), value), (values) => {
        const text = mergeEnvFile('', values);
        expect(Object.fromEntries(parseEnvFile(text))).toEqual(values);
        expect(mergeEnvFile(text, values)).toBe(text);
      }),
    );
  });

  it('refuses a value that the file cannot carry, naming the key', () => {
    expect(() => mergeEnvFile('', { BROKEN: 'a\nb' })).toThrow(/BROKEN/);
  });
});
