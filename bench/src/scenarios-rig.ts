/** The product with ears for what the scenarios say, an agent behind a number for each file, and a phone to call them with. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRig, speechEnvironment } from '@centralita/e2e/rig.ts';
import type { Rig } from '@centralita/e2e/rig.ts';
import { BASE_PORT, nodeFlags } from './bench-rig.ts';
import { readScenarioFiles } from './scenario-files.ts';
import type { ScenarioFile } from './scenario-files.ts';

/** What is not the real thing. */
export const scenarioStandIns = [
  'agents answer by their flows: there is no language model here',
  'speech to text is the phrases engine of the inference server, which knows the lines of the scenarios besides what each flow expects and tells all of them apart by their sound; it would not understand other words',
  'callers are espeak-ng voices over SIP and G.711, on the same machine as Asterisk, PostgreSQL, the inference server and the control plane, which are real',
];

/** Agents get the numbers from here on. */
const FIRST_NUMBER = 4101;
/** Of the phone that calls; nobody has the extension that the agents' flows ring. */
const EXTENSION = '2009';

/** A file with the agent that plays it and the number of that agent. */
export type Staged = ScenarioFile & { readonly agentId: string; readonly number: string };

/** Disposing ends all processes. */
export type ScenariosRig = AsyncDisposable & {
  readonly staged: readonly Staged[];
  /** What `centralita test` needs of its environment. */
  readonly env: Readonly<Record<string, string>>;
};

/** Starts everything; takes some seconds. */
export async function openScenariosRig(): Promise<ScenariosRig> {
  const { files, spoken } = await readScenarioFiles();
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'centralita-scenarios-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const phrasesFile = join(folder, 'phrases.json');
  await writeFile(phrasesFile, JSON.stringify(spoken));
  const inferenceSettings = { SPEECH_TO_TEXT_PHRASES_FILE: phrasesFile };
  const rig = opened.use(await openRig({ name: 'bench-scenarios', basePort: BASE_PORT, nodeFlags: nodeFlags(), inferenceSettings }));
  const { organizationId } = await make(rig, '/admin/organizations', { name: 'Scenarios', planId: 'enterprise' });
  const organization = `/admin/organizations/${String(organizationId)}`;
  const { token } = await make(rig, `${organization}/tokens`, { name: 'test', scopes: ['calls:read', 'calls:write'] });
  const { username, password } = await make(rig, `${organization}/phones`, { extension: EXTENSION, displayName: 'Scenarios' });
  const staged: Staged[] = [];
  for (const [index, file] of files.entries()) {
    const agentId = String((await make(rig, `${organization}/agents`, file.agent))['agentId']);
    const number = String(FIRST_NUMBER + index);
    await make(rig, `/admin/agents/${agentId}/provision`, { number });
    staged.push({ ...file, agentId, number });
  }
  const running = opened.move();
  return {
    staged,
    env: {
      ...speechEnvironment(rig.espeak),
      XDG_CACHE_HOME: folder,
      CENTRALITA_URL: `http://127.0.0.1:${rig.ports.http}`,
      CENTRALITA_TOKEN: String(token),
      CENTRALITA_SIP: `127.0.0.1:${rig.ports.sip}`,
      CENTRALITA_PHONE: String(username),
      CENTRALITA_PHONE_PASSWORD: String(password),
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Makes something; throws when it is not made. */
async function make(rig: Rig, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await rig.adminSend('POST', path, body);
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
