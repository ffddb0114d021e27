import { execFile } from 'node:child_process';
import { readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findNetworkIsolation } from './network-isolation.ts';

const run = promisify(execFile);
const isolation = await findNetworkIsolation();

test('is nothing where it is not permitted or not there', async () => {
  expect(await findNetworkIsolation(['/bin/false', '--'])).toEqual([]);
  expect(await findNetworkIsolation(['/no/such/program'])).toEqual([]);
});

test.skipIf(isolation.length === 0)('a program that is started in it reaches not even this machine', async () => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const connect = `require('node:net').connect(${port}, '127.0.0.1').on('error', ({ code }) => console.log(code)).on('connect', () => process.exit())`;
  const [program = '', ...rest] = isolation;
  expect((await run(process.execPath, ['-e', connect])).stdout).toBe('');
  expect((await run(program, [...rest, process.execPath, '-e', connect])).stdout).toMatch(/ENETUNREACH|EADDRNOTAVAIL/);
  const { stdout } = await run(program, [...rest, 'readlink', '/proc/self/ns/net']);
  expect(stdout.trim()).not.toBe(await readlink('/proc/self/ns/net'));
  server.close();
});
