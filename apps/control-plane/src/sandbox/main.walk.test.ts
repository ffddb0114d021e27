/** `npm run dev` with a script instead of a person. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('a script piped into the sandbox holds a conversation and ends it', async () => {
  const env = { ...process.env, SANDBOX_LOG: join(tmpdir(), `centralita-sandbox-test-${process.pid}.log`) };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end('/agent en\n/dtmf 1\n/dance\n/hangup\nhello?\n');
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(status).toBe(0);
  const lines = output.split('\n').map((line) => line.trim());
  const told = lines.filter((line) => /^(agent|--)/.test(line)).join('\n');
  expect(told).toMatch(/agent: Clínica Demo[^]*-- calling 1002 \(en\)[^]*agent: Demo Clinic[^]*agent: We are open Monday to Friday/);
  expect(lines).toContain('-- /dance is not a command; /help lists them');
  expect(lines.at(-2)).toBe('-- no call is up: /agent calls one');
});
