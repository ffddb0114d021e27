// Talking to an agent and testing it from the terminal, against the control plane as it is.
import { readFile } from 'node:fs/promises';
import { testDatabases } from '@centralita/control-plane/db/test-database.ts';
import type { TestDatabase } from '@centralita/control-plane/db/test-database.ts';
import { clinicEn } from '@centralita/control-plane/dialog/demo/clinic-en.ts';
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';
import { openHttpServer } from '@centralita/control-plane/http/server.ts';
import type { HttpServer } from '@centralita/control-plane/http/server.ts';
import { addTestOrganization, openTestApi } from '@centralita/control-plane/test/test-api.ts';
import type { TestApi } from '@centralita/control-plane/test/test-api.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play } from './testing/played-terminal.ts';
import type { PlayedTerminal } from './testing/played-terminal.ts';

const SCENARIOS = new URL('../../../docs/examples/scenarios/', import.meta.url);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('an agent in the terminal, on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let server: HttpServer;
  let token = '';
  const agentIds: Record<string, string> = {};

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
    server = await openHttpServer({ app: api.api, host: '127.0.0.1', port: 0 });
    const organizationId = await addTestOrganization(test, 'acme');
    for (const [name, clinic] of Object.entries({ es: clinicEs, en: clinicEn })) {
      const body = clinic({ organizationName: 'Acme', destination: '2001' });
      const { body: made } = await api.asAdmin(`/admin/organizations/${organizationId}/agents`, { method: 'POST', body });
      agentIds[name] = String(made['agentId']);
    }
    token = await api.tokenFor(organizationId, ['calls:write']);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const run = (words: readonly string[], terminal: PlayedTerminal = {}) =>
    play(words, { ...terminal, env: { CENTRALITA_URL: server.address, CENTRALITA_TOKEN: token, ...terminal.env } });

  it('talks to whoever types, until the agent says goodbye', async () => {
    const answers = ['quiero una cita', '/keys 2', '/silence', '/what', 'hablar con una persona', '/nobody', 'adiós', 'never said'];
    const { out, err, exitCode, questions } = await run(['chat', agentIds['es'] ?? ''], { answers });
    expect([exitCode, questions.length]).toEqual([0, 7]);
    expect(out.split('\n')[0]).toContain('Acme, buenos días');
    expect(out.split('\n').at(-2)).toBe('Gracias por llamar. Hasta pronto.');
    expect(err).toContain('[booking_hour · day=martes]\n');
    expect(err).toContain('[person · day=martes · transfer to 2001]\n');
  });

  it('answers lines that are piped in, as JSON when asked', async () => {
    const { out, exitCode } = await run(['chat', agentIds['en'] ?? '', '--json'], { input: 'opening hours\n/quit\nnever said\n' });
    const replies = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { node: string; turn: number });
    expect([exitCode, replies.map(({ node, turn }) => [node, turn])]).toEqual([
      0,
      [
        ['menu', 0],
        ['menu', 2],
      ],
    ]);
  });

  it('says what is missing: a token, a good one, an agent', async () => {
    const agent = agentIds['es'] ?? '';
    expect(await run(['chat', agent], { env: { CENTRALITA_TOKEN: '' } })).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('set CENTRALITA_TOKEN') as string,
    });
    expect(await run(['chat', agent], { env: { CENTRALITA_TOKEN: 'cck_live_no' } })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('not a token') as string,
    });
    expect(await run(['chat', 'agent_x'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('no such agent') as string });
  });

  it.each(['es', 'en'])('passes the scenarios of the examples: the clinic in %s', async (language) => {
    const file = `reception.${language}.yaml`;
    const files = { [file]: await readFile(new URL(file, SCENARIOS), 'utf8') };
    const { out, err, exitCode } = await run(['test', agentIds[language] ?? '', file], { files });
    expect([err, exitCode]).toEqual(['', 0]);
    expect(out.split('\n')[0]).toMatch(/^RESULT +SCENARIO +LANGUAGE +STEPS/);
    expect(out).not.toContain('FAILED\n');
  });

  it('ends with 5 when a scenario fails, and says at which step and why', async () => {
    const source = 'name: wrong\nlanguage: es\nsteps:\n  - caller: una cita\n  - caller: lunes\n    expect: { node: menu }\n';
    const { out, err, exitCode } = await run(['test', agentIds['es'] ?? '', 'a.yaml'], { files: { 'a.yaml': source } });
    expect([exitCode, err]).toEqual([5, '1 of 1 scenarios failed\n']);
    expect(out).toContain('wrong, step 2: expected node menu, it is booking_hour\n');
    const json = await run(['test', agentIds['es'] ?? '', 'a.yaml', '--json'], { files: { 'a.yaml': source } });
    expect(JSON.parse(json.out)).toMatchObject({ scenarios: 1, failed: 1, results: [{ name: 'wrong', failedStep: 2 }] });
  });
});
