// The test caller's password: a variable on the machine, a file in a container.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTestCaller, testCallerSchema } from './test-caller.ts';

const who = { TEST_CALL_SERVER: '127.0.0.1:5060', TEST_CALL_USER: 'test-caller' };

it('reads the password from the variable or from the file that is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'centralita-caller-'));
  try {
    await writeFile(join(folder, 'password'), 'from-the-file\n');
    const expected = { server: { host: '127.0.0.1', port: 5060 }, localHost: '127.0.0.1', username: 'test-caller' };
    const given = testCallerSchema.parse({ ...who, TEST_CALL_PASSWORD: 'given' });
    expect(await readTestCaller(given)).toEqual({ ...expected, password: 'given' });
    const named = testCallerSchema.parse({ ...who, TEST_CALL_PASSWORD_FILE: join(folder, 'password') });
    expect(await readTestCaller(named)).toEqual({ ...expected, password: 'from-the-file' });
    await expect(readTestCaller(testCallerSchema.parse(who))).rejects.toThrow('TEST_CALL_PASSWORD_FILE must be set');
  } finally {
    await rm(folder, { recursive: true });
  }
});
