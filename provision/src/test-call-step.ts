/** Places one real call through Asterisk to the demo's Spanish agent, and believes the installation only when it was heard and journaled. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { describeAppliance, requireAppliance } from './appliance.ts';
import { makeFolder } from './asterisk-process.ts';
import { runCommand } from './command.ts';
import { parseDemo } from './demo-step.ts';
import type { Facts } from './facts.ts';
import { DATABASE } from './instance.ts';
import type { Instance } from './instance.ts';
import type { Step } from './plan.ts';
import { psqlCommand } from './postgres-process.ts';
import { parseLastLine, runProgram } from './program.ts';
import { updateState } from './state.ts';

const CALL_PROGRAM = 'e2e/src/test-call-cli.ts';
const CALL_TIMEOUT_MS = 120_000;
/** Between a call that was not heard and the second and last one. */
const PAUSE_MS = 5_000;
/** The call is over before its last event is written. */
const JOURNAL_WAIT_MS = 10_000;
/** The recording is joined from its two sides a moment after the call; 16 kB are one second of one side. */
const SOUND_BYTES = 16_000;

/** What the caller heard, in order. */
export const heardSchema = z.object({ heard: z.array(z.string().min(1)).min(2) });
const journalSchema = z.object({
  state: z.literal('ended'),
  agentTurns: z.number().min(2),
  callerTurns: z.number().min(1),
  recordingPath: z.string().min(1),
});

/** Has the call placed, and once more where it was not heard: what was started a moment ago may still be reading itself into memory, and a caller whose run was killed may still be on the line. */
export async function hearOrOnceMore(
  call: () => Promise<string[]>,
  { log, signal }: { readonly log: (message: string) => void; readonly signal: AbortSignal },
): Promise<string[]> {
  return await call().catch(async (error: Error) => {
    signal.throwIfAborted();
    log(`test call: ${error.message.split('\n').findLast((line) => line.startsWith('Error:')) ?? 'not heard'}; once more`);
    await sleep(PAUSE_MS, undefined, { signal });
    return await call();
  });
}

export const testCallStep: Step = {
  name: 'test call',
  changes: (facts) => {
    const appliance = describeAppliance(facts);
    return appliance && facts.state.testCall?.digest === appliance.digest
      ? []
      : ['place a real call to the Spanish agent and check what it hears'];
  },
  apply: async ({ facts, log, signal }) => {
    const { instance, digest } = requireAppliance(facts);
    const agent = parseDemo(facts.state.demo?.answer).agents.find(({ language }) => language.startsWith('es'));
    if (!agent) throw new Error('the demo has no Spanish agent to call');
    // The caller keeps its spoken phrases: in a folder of the service user's own, not in one that anybody can write to.
    const cache = join(facts.home, 'cache');
    if (facts.user) await makeFolder(cache, { ...facts.user, mode: 0o700 });
    const call = { facts, instance, number: agent.number, cache, signal };
    log(`test call: dialling ${agent.number}`);
    const heard = await hearOrOnceMore(async () => await placeCall(call), { log, signal });
    await updateState(facts.home, () => ({ testCall: { digest, at: new Date().toISOString(), heard } }));
  },
};

type Call = {
  readonly facts: Facts;
  readonly instance: Instance;
  readonly number: string;
  readonly cache: string;
  readonly signal: AbortSignal;
};

/** One call, believed when it was heard and journaled. Returns what was heard. */
async function placeCall({ facts, instance, number, cache, signal }: Call): Promise<string[]> {
  const startedAt = new Date();
  const output = await runProgram(facts, {
    argv: [CALL_PROGRAM, number],
    env: { ...callerEnvironment(facts, instance), TMPDIR: cache },
    signal,
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const { heard } = heardSchema.parse(parseLastLine(output, CALL_PROGRAM));
  await checkJournal(
    {
      query: async (input) => await runCommand(psqlCommand(instance, DATABASE), { input, label: 'reading the journal', timeoutMs: 20_000 }),
      sizeOf: async (path) => (await stat(path).catch(() => null))?.size ?? 0,
    },
    { number, startedAt, signal },
  );
  return heard;
}

/** The credentials travel in the environment: an argument can be read by every user of the machine. */
export function callerEnvironment({ settings }: Facts, instance: Instance): Readonly<Record<string, string>> {
  const host = settings.BIND_ADDRESS === '0.0.0.0' ? '127.0.0.1' : settings.BIND_ADDRESS;
  return {
    TEST_CALL_SERVER: `${host}:${instance.ports.sip}`,
    TEST_CALL_USER: 'test-caller',
    TEST_CALL_PASSWORD: instance.passwords.testCaller,
  };
}

/** How the journal's rows and the recording are looked at, on the machine or in its containers. */
export type JournalAccess = { readonly query: (sql: string) => Promise<string>; readonly sizeOf: (path: string) => Promise<number> };

/** Waits until the call that was placed is in the journal, with its turns and its sound. Throws with what is missing. */
export async function checkJournal(
  access: JournalAccess,
  call: { readonly number: string; readonly startedAt: Date; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + JOURNAL_WAIT_MS;
  for (;;) {
    const found = await readJournal(access, call);
    const parsed = journalSchema.safeParse(found);
    if (parsed.success && (await access.sizeOf(parsed.data.recordingPath)) > SOUND_BYTES) return;
    if (Date.now() > deadline) {
      const missing = parsed.success ? `the recording ${parsed.data.recordingPath} is not there` : z.prettifyError(parsed.error);
      throw new Error(
        `the test call was heard, but ${JOURNAL_WAIT_MS} ms later its journal is not whole: ${missing}; journal: ${JSON.stringify(found)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
    call.signal.throwIfAborted();
  }
}

async function readJournal({ query }: JournalAccess, call: { readonly number: string; readonly startedAt: Date }): Promise<unknown> {
  const turns = (role: string): string =>
    `(select count(*) from turns t where t.org_id = c.org_id and t.call_id = c.id and t.role = '${role}')`;
  const input = `
    select json_build_object('state', c.state, 'agentTurns', ${turns('agent')}, 'callerTurns', ${turns('caller')}, 'recordingPath', c.recording_path)
    from calls c where c.dialled_number = '${call.number.replaceAll(/[^0-9+]/g, '')}' and c.started_at >= '${call.startedAt.toISOString()}'
    order by c.started_at desc limit 1;`;
  const answer = (await query(input)).trim();
  return answer === '' ? null : JSON.parse(answer);
}
