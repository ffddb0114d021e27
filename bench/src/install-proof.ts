/** From an empty Debian to a call that was heard, with one command; and the same command again, which finds nothing to change. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CHECKOUT, copyCommittedTree, HOME, openEmptyDebian } from './empty-debian.ts';
import type { EmptyDebian } from './empty-debian.ts';
import { runBench } from './harness.ts';
import { renderPorts, writeSettings } from './install-settings.ts';

const repository = resolve(import.meta.dirname, '..', '..');
/** What of the last line of `provision.sh --json` is judged. */
const installationSchema = z.object({
  kind: z.literal('installed'),
  changes: z.number(),
  testCall: z.object({ heard: z.array(z.string()).min(2) }),
  warnings: z.array(z.object({ reason: z.string() })),
});

async function install(debian: EmptyDebian, log: (message: string) => void) {
  const startedAtMs = performance.now();
  // What takes how long is seen here; the last line, which is for programs, is not shown.
  const onOutput = (text: string): void => {
    for (const line of text.split('\n').filter((one) => one.trim() !== '' && !one.startsWith('{')))
      log(`${((performance.now() - startedAtMs) / 1_000).toFixed(0).padStart(5)} s  ${line}`);
  };
  const result = await debian.run(['/bin/sh', '-c', `cd ${CHECKOUT} && ./provision.sh --yes --json`], { onOutput });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  if (result.exitCode !== 0) throw new Error(`provision.sh: exit code ${result.exitCode}\n${result.stderr}\n${result.stdout}`);
  const told = installationSchema.parse(JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? ''));
  log(`provision.sh: ${seconds.toFixed(1)} s, ${told.changes} changes, heard "${told.testCall.heard[0]}"`);
  return { seconds, changes: told.changes };
}

await runBench({
  name: 'install',
  defaults: { 'first-port': 31_300 },
  reaches: { first_call_s: '<= 240', second_run_s: '<= 15', second_run_changes: '= 0' },
  standIns: ['the network is this machine’s own, so ports are given in .env before the first run', 'no models: espeak-ng and phrases'],
  run: async ({ options, log, signal }) => {
    const folder = await mkdtemp(join(tmpdir(), 'centralita-install-'));
    try {
      await using debian = await openEmptyDebian({ folder, log, signal });
      await copyCommittedTree(repository, join(debian.dir, CHECKOUT));
      await writeSettings(join(debian.dir, HOME, '.env'), renderPorts(options['first-port']));
      const first = await install(debian, log);
      const second = await install(debian, log);
      return { n: 2, figures: { first_call_s: first.seconds, second_run_s: second.seconds, second_run_changes: second.changes } };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
