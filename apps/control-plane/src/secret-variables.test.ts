// Secrets that a container reads from files instead of variables.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from './config.ts';
import { withSecretFiles } from './secret-variables.ts';

const folder = mkdtempSync(join(tmpdir(), 'secret-variables-'));
const path = join(folder, 'password');
writeFileSync(path, 'from a file\n');
afterAll(() => rmSync(folder, { recursive: true }));

describe('secrets of the environment', () => {
  it('are read from the files that are named, without their last line break', () => {
    expect(withSecretFiles({ ASTERISK_PASSWORD_FILE: path, LOG_LEVEL: 'info' })).toMatchObject({
      ASTERISK_PASSWORD: 'from a file',
      LOG_LEVEL: 'info',
    });
  });

  it('stay as they are where no file is named', () => {
    expect(withSecretFiles({ ASTERISK_PASSWORD: 'given', SMTP_URL_FILE: '' })).toEqual({ ASTERISK_PASSWORD: 'given', SMTP_URL_FILE: '' });
  });

  it('are refused in one error that names each file that cannot be read and each secret that is given twice', () => {
    const read = () =>
      withSecretFiles({ DATABASE_URL_FILE: join(folder, 'none'), ASTERISK_PASSWORD: 'given', ASTERISK_PASSWORD_FILE: path });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/DATABASE_URL_FILE: ENOENT[^]*ASTERISK_PASSWORD and ASTERISK_PASSWORD_FILE are both set/);
  });
});
