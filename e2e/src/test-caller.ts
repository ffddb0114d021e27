/** Who the machine's own test caller is and where it calls, as the programs that place its calls are told in their environment. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export const testCallerSchema = z.object({
  TEST_CALL_SERVER: z.string().regex(/^[^:]+:\d+$/, 'must be host:port'),
  TEST_CALL_USER: z.string().min(1),
  TEST_CALL_PASSWORD: z.string().min(1).optional(),
  TEST_CALL_PASSWORD_FILE: z.string().min(1).optional(),
});

/** What the caller's telephone is opened with. In a container the password is a file: variables can be seen from outside. Throws when neither is said. */
export async function readTestCaller({
  TEST_CALL_SERVER: server,
  TEST_CALL_USER: username,
  TEST_CALL_PASSWORD: given,
  TEST_CALL_PASSWORD_FILE: path,
}: z.infer<typeof testCallerSchema>) {
  const [host = '', port = ''] = server.split(':');
  if (given === undefined && path === undefined) throw new Error('TEST_CALL_PASSWORD or TEST_CALL_PASSWORD_FILE must be set');
  const password = given ?? (await readFile(path ?? '', 'utf8')).trim();
  // Asterisk runs on this machine: its address is ours too.
  return { server: { host, port: Number(port) }, localHost: host, username, password };
}
