// Scenarios on real calls: the command line dials the agent through Asterisk, speaks, presses keys, and judges by what the product recorded.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { RIG_PASSWORDS, testBasePort } from '#e2e/rig-ports.ts';
import { RIG_NUMBERS } from '#e2e/rig-seed.ts';
import { openRig, speechEnvironment } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';

const program = resolve(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');
const DEMO_ID = 'org_00000000000000000000000000000001';

const SCENARIOS = `
name: by voice, and then by keys
language: es
steps:
  - opens: true
    expect: { node: menu, says: [buenos días, horario], next: listen }
    within_ms: 5000
  - caller: horario de atención
    expect: { node: menu, says: de lunes a viernes }
    within_ms: 5000
  - keys: 2
    expect: { node: booking_day, says: qué día }
  - caller: el martes
    expect: { slot: { day: martes, hour: null } }
---
name: expects what does not happen
language: es
steps:
  - caller: quiero una cita
    expect: { node: booked }
`;

let rig: Rig;
let folder: string;
let agentId: string;
let token: string;

beforeAll(async () => {
  rig = await openRig({ name: 'scenario-call', basePort: testBasePort() });
  folder = await mkdtemp(join(tmpdir(), 'scenarios-'));
  await writeFile(join(folder, 'calls.yaml'), SCENARIOS);
  const { numbers } = (await rig.admin('/admin/numbers')) as { numbers: { number: string; agentId: string }[] };
  agentId = numbers.find(({ number }) => number === RIG_NUMBERS.demoSpanish)?.agentId ?? '';
  const made = await rig.adminSend('POST', `/admin/organizations/${DEMO_ID}/tokens`, { name: 'test', scopes: ['calls:read'] });
  token = String(made.body['token']);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => expectNothingLeft(rig));

type Ran = { readonly exitCode: number | null; readonly out: string; readonly err: string };

/** Runs `centralita test` as somebody on the appliance does. */
async function runTest(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [program, 'test', agentId, join(folder, 'calls.yaml'), '--json', ...words], {
    env: {
      ...process.env,
      ...speechEnvironment(rig.espeak),
      XDG_CACHE_HOME: folder,
      CENTRALITA_URL: `http://127.0.0.1:${rig.ports.http}`,
      CENTRALITA_TOKEN: token,
      CENTRALITA_SIP: `127.0.0.1:${rig.ports.sip}`,
      CENTRALITA_PHONE_PASSWORD: RIG_PASSWORDS.testCaller,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const exitCode = await new Promise<number | null>((done, reject) => child.once('error', reject).once('close', done));
  return { exitCode, out, err };
}

describe('scenarios on a call', () => {
  test('pass and fail by what the product recorded, each on a call of its own, two at once', async () => {
    const { exitCode, out, err } = await runTest(['--call', RIG_NUMBERS.demoSpanish, '--at-once', '2']);
    expect({ exitCode, err }).toMatchObject({ exitCode: 5 });
    const { results, ...sums } = JSON.parse(out) as { results: { ok: boolean; callId: string; problems: string[] }[] };
    expect(sums).toEqual({ scenarios: 2, failed: 1 });
    expect(results).toMatchObject([
      { ok: true, steps: 4, problems: [] },
      {
        ok: false,
        failedStep: 1,
        problems: ['expected node booked, it is booking_day', expect.stringContaining('understood "quiero una cita"')],
      },
    ]);
    const { callId, ...last } = await endedCall(rig, RIG_NUMBERS.demoSpanish);
    expect(results.map((result) => result.callId)).toContain(callId);
    expect(last.outcome).toBe('caller_hung_up');
    const whole = (await rig.admin(`/admin/calls/${results[0]?.callId ?? ''}`, { 'X-Break-Glass': 'an end-to-end test' })) as {
      turns: { role: string; text: string; input: string | null }[];
    };
    expect(whole.turns.filter(({ role }) => role === 'caller').map(({ text, input }) => [text, input])).toEqual([
      ['horario de atención', 'speech'],
      ['2', 'dtmf'],
      ['el martes', 'speech'],
    ]);
  });

  test('are refused to a telephone that may not call, and to a number of another agent', async () => {
    const stranger = await runTest(['--call', RIG_NUMBERS.demoSpanish], { CENTRALITA_PHONE_PASSWORD: 'wrong' });
    expect(stranger).toMatchObject({ exitCode: 2, err: expect.stringContaining('the telephone may not call (401') as string });
    const other = await runTest(['--call', RIG_NUMBERS.demoEnglish]);
    expect(other).toMatchObject({ exitCode: 2, err: expect.stringContaining(`not by ${agentId}`) as string });
  });
});
