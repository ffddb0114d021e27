import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { catalogForTests } from '#testing/espeak-on-this-machine.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const run = (env: Readonly<Record<string, string>>) =>
  spawn(process.execPath, [main], {
    env: { ...process.env, CPU_SERVER_PORT: '0', CPU_SERVER_METRICS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

test('the process listens, says which engines run, and ends cleanly on SIGTERM', async () => {
  // Without espeak-ng the process starts all the same, with both roles unavailable: say here what is missing.
  await catalogForTests();
  const child = run({ LOG_LEVEL: 'info' });
  const ended = once(child, 'close');
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.includes('inference server is listening')) child.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
  expect(lines.some((line) => line.includes('"engine":"phrases"') && line.includes('for demonstrations and test voices only'))).toBe(true);
});

test('a wrong environment ends the process with every wrong variable named', async () => {
  const child = run({ CPU_SERVER_PORT: 'x', LOG_LEVEL: 'loud' });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(complaint).toContain('CPU_SERVER_PORT = "x"');
  expect(complaint).toContain('LOG_LEVEL = "loud"');
});
