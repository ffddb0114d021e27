/** What earlier runs did that cannot be seen on the machine itself: digests of what is applied, the demo, the last test call. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { releaseChangeSchema, releasesSchema } from '#releases/release-records.ts';
import { replaceFile } from './rendered-files.ts';
import { writeStateSeries } from './state-series.ts';

const testCallSchema = z.object({
  /** Digest of the services that it went through. */
  digest: z.string(),
  at: z.string(),
  heard: z.array(z.string()),
});

/** Loose: a field of a newer release outlives the older one that an operator goes back to. */
const stateSchema = z.looseObject({
  /** Service -> digest that the running process was started from. */
  started: z.record(z.string(), z.string()).default({}),
  /** Setting -> address of this machine's own servers that a run wrote last: every other in `.env` is the operator's. */
  addresses: z.record(z.string(), z.string()).optional(),
  /** Setting -> the model that it names when its files are whole again, and what it names meanwhile. */
  setAside: z.record(z.string(), z.object({ folder: z.string(), instead: z.string() })).optional(),
  /** Digest of the roles' and database's set-up. */
  databaseSetup: z.string().optional(),
  /** Digest of the migrations applied. */
  migrations: z.string().optional(),
  /** Digest of the prompts' texts. */
  prompts: z.string().optional(),
  /** Digest of the demo's definition, and what making it printed. */
  demo: z.object({ digest: z.string(), answer: z.unknown() }).optional(),
  /** When a backup was last restored to try it, and whether what came back was whole. */
  restoreRehearsal: z.object({ at: z.string(), ok: z.boolean() }).optional(),
  testCall: testCallSchema.optional(),
  /** The last backup, and when its key was last shown. */
  backup: z.object({ at: z.string(), path: z.string(), bytes: z.number() }).optional(),
  recoverySheetAt: z.string().optional(),
  releases: releasesSchema.optional(),
  /** Of an upgrade or a rollback that is not finished; null when there is none. */
  releaseChange: releaseChangeSchema.nullable().default(null),
});

export type State = z.infer<typeof stateSchema>;
export type TestCallRecord = z.infer<typeof testCallSchema>;

/** Parses the state's file. A missing or damaged one is empty: every step can be repeated. */
export function parseState(text: string | null): State {
  if (text === null) return stateSchema.parse({});
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    return stateSchema.parse({});
  }
}

/** Changes some fields of the state's file; the rest stays. */
export async function updateState(home: string, change: (state: State) => Partial<State>): Promise<void> {
  const path = join(home, 'state.json');
  const state = parseState(await readFile(path, 'utf8').catch(() => null));
  const changed = { ...state, ...change(state) };
  await replaceFile(path, `${JSON.stringify(changed, null, 2)}\n`, { uid: 0, gid: 0, mode: 0o600 });
  await writeStateSeries(home, changed);
}
