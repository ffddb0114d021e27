/** The shipped scenarios and the agents that they are written for, and what their callers say. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { clinicEn } from '@centralita/control-plane/dialog/demo/clinic-en.ts';
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';

const examples = join(import.meta.dirname, '..', '..', 'docs', 'examples');
const scenariosDir = join(examples, 'scenarios');

const clinic = { organizationName: 'Clínica Aurora', destination: '2001' };
/** The agents of a fresh installation; every other file is named like the flow that it belongs to. */
const demoAgents: Readonly<Record<string, () => object>> = {
  'reception.es': () => clinicEs(clinic),
  'reception.en': () => clinicEn(clinic),
};

/** One file of scenarios and the agent that they are for, as it is registered. It answers by its flow: a model's words differ from one model to the next. */
export type ScenarioFile = { readonly name: string; readonly path: string; readonly scenarios: number; readonly agent: object };

const documentSchema = z.object({ language: z.string(), steps: z.array(z.object({ caller: z.string().optional() })) });

/** All files, and everything that a caller says in them, by language. */
export async function readScenarioFiles() {
  const spoken: Record<string, string[]> = {};
  const files: ScenarioFile[] = [];
  for (const file of (await readdir(scenariosDir)).toSorted()) {
    const path = join(scenariosDir, file);
    const documents = parseAllDocuments(await readFile(path, 'utf8'));
    for (const document of documents) {
      const { language, steps } = documentSchema.parse(document.toJS());
      (spoken[language] ??= []).push(...steps.flatMap(({ caller }) => (caller === undefined ? [] : [caller])));
    }
    files.push({ name: file, path, scenarios: documents.length, agent: await agentOf(basename(file, '.yaml')) });
  }
  return { files, spoken };
}

async function agentOf(name: string): Promise<object> {
  const made = demoAgents[name]?.();
  if (made) return made;
  const draft = JSON.parse(await readFile(join(examples, 'flows', `${name}.json`), 'utf8')) as object;
  return { ...draft, responder: { kind: 'flow' } };
}
