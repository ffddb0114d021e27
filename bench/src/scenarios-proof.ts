/** The shipped scenarios, played by `centralita test` as anybody plays them: over HTTP against the product, each file against the agent that it is written for. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { clinicEn } from '@centralita/control-plane/dialog/demo/clinic-en.ts';
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';
import { apiStandIns, openApiRig } from './api-rig.ts';
import { runBench } from './harness.ts';

const root = join(import.meta.dirname, '..', '..');
const scenariosDir = join(root, 'docs', 'examples', 'scenarios');
const flowsDir = join(root, 'docs', 'examples', 'flows');
const program = join(root, 'apps', 'cli', 'src', 'main.ts');
/** Some hundred replies, each within a second. */
const TEST_TIMEOUT_MS = 120_000;

const clinic = { organizationName: 'Clínica Aurora', destination: '2001' };
/** The agents of a fresh installation; every other file is named like the flow that it belongs to. */
const demoAgents: Readonly<Record<string, () => object>> = {
  'reception.es': () => clinicEs(clinic),
  'reception.en': () => clinicEn(clinic),
};

/** An agent as it is registered. It answers by its flow: a model's words differ from one model to the next. */
async function agentOf(name: string): Promise<object> {
  const made = demoAgents[name]?.();
  if (made) return made;
  const draft = JSON.parse(await readFile(join(flowsDir, `${name}.json`), 'utf8')) as object;
  return { ...draft, responder: { kind: 'flow' } };
}

const resultsSchema = z.object({
  scenarios: z.int(),
  failed: z.int(),
  results: z.array(z.object({ name: z.string(), failedStep: z.int().nullable(), problems: z.array(z.string()), slowestMs: z.number() })),
});

/** Runs the command line and reads what it prints. Throws when it could not play. */
async function play(agentId: string, file: string, env: Readonly<Record<string, string>>): Promise<z.infer<typeof resultsSchema>> {
  const child = spawn(process.execPath, [program, 'test', agentId, file, '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TEST_TIMEOUT_MS,
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (exitCode !== 0 && exitCode !== 5) throw new Error(`centralita test ended with ${exitCode ?? 'a signal'}: ${err}`);
  return resultsSchema.parse(JSON.parse(out));
}

await runBench({
  name: 'scenarios',
  defaults: {},
  reaches: { scenarios: '>= 25', failed: '= 0' },
  standIns: [...apiStandIns, 'agents answer by their flows: there is no language model here; what is said is text, not speech'],
  async run({ log, signal }) {
    await using api = await openApiRig({ name: 'scenarios' });
    const made = await api.asAdmin('/admin/organizations', { method: 'POST', body: { name: 'Scenarios' } });
    const organization = `/admin/organizations/${String(made['organizationId'])}`;
    const token = await api.asAdmin(`${organization}/tokens`, { method: 'POST', body: { name: 'test', scopes: ['calls:write'] } });
    const env = { CENTRALITA_URL: api.url, CENTRALITA_TOKEN: String(token['token']) };
    let [scenarios, failed] = [0, 0];
    for (const file of (await readdir(scenariosDir)).toSorted()) {
      signal.throwIfAborted();
      const registered = await api.asAdmin(`${organization}/agents`, { method: 'POST', body: await agentOf(file.replace(/\.yaml$/, '')) });
      const played = await play(String(registered['agentId']), join(scenariosDir, file), env);
      scenarios += played.scenarios;
      failed += played.failed;
      const slowestMs = Math.max(...played.results.map((result) => result.slowestMs));
      log(`${file}: ${played.scenarios} scenarios, ${played.failed} failed, slowest reply ${slowestMs} ms`);
      for (const { name, failedStep, problems } of played.results)
        for (const problem of problems) log(`  ${name}, step ${String(failedStep)}: ${problem}`);
    }
    return { n: scenarios, figures: { scenarios, failed } };
  },
});
