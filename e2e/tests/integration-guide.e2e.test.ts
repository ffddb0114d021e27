import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { examplesOf, runExamples } from '#e2e/guide-examples.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { readStereoRecording } from '#e2e/recording.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig, RIG_ADMIN_KEY } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { openTestLines, people } from '#e2e/test-lines.ts';

const page = await readFile(new URL('../../docs/integration-guide.md', import.meta.url), 'utf8');

describe('the integration guide', () => {
  let rig: Rig;
  let env: Record<string, string>;

  beforeAll(async () => {
    rig = await openRig({ name: 'guide', basePort: testBasePort() });
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    await caller.hear();
    await caller.call.hangUp();
    const call = await endedCall(rig, people.spanish.number);
    await readStereoRecording(call.recordingPath);
    const url = `http://127.0.0.1:${rig.ports.http}`;
    const made = await fetch(`${url}/admin/organizations/${call.organizationId}/tokens`, {
      method: 'POST',
      headers: { 'X-Admin-Key': RIG_ADMIN_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Guide', preset: 'full' }),
    });
    const { token } = (await made.json()) as { token: string };
    env = { CENTRALITA_URL: url, CENTRALITA_TOKEN: token, CENTRALITA_ADMIN_KEY: RIG_ADMIN_KEY };
  });
  afterAll(async () => {
    await expectNothingLeft(rig);
    await rig[Symbol.asyncDispose]();
  });

  test.each(['sh', 'python', 'ts'] as const)(
    'has examples in %s that run against a live server from the first to the last',
    async (language) => {
      const { blocks, text } = examplesOf(page, language);
      expect(blocks).toBeGreaterThanOrEqual(4);
      const { exitCode, output } = await runExamples(language, text, env);
      if (exitCode !== 0) throw new Error(`the examples ended with ${exitCode}: ${output}`);
      const proofs = {
        sh: [
          /"scopes"/,
          /"slots":\{"day":"martes"\}/,
          /cuesta 45 euros[^]*"source":"tarifas\.md"/,
          /document gone: 204/,
          /HTTP\/1\.1 200[^]*idempotency-replayed: true/i,
          /"code":"invalid_request"/,
          /ratelimit-policy: "plan";q=\d+;w=60/i,
          /cck_live_/,
        ],
        python: [
          /Guide \[/,
          /completed|caller_hung_up/,
          /agent: Buenos|agent: /,
          /bytes; the link expires/,
          /version 2 barge-in False\nversion 3 barge-in True|version \d+ barge-in False\nversion \d+ barge-in True/,
        ],
        ts: [/Guide \[/, /waits 700 ms\n[^]*waits \d+ ms/],
      } as const;
      for (const proof of proofs[language]) expect(output).toMatch(proof);
    },
  );
});
