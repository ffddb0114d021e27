/** Killed in every step of an installation and of an upgrade, it goes on where it was: nothing is made twice, no secret is made anew, no row is lost. */
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCommand } from '@centralita/provision/command.ts';
import { steps } from '@centralita/provision/steps.ts';
import { CHECKOUT, copyCommittedTree, HOME, openEmptyDebian } from './empty-debian.ts';
import type { EmptyDebian } from './empty-debian.ts';
import { runBench } from './harness.ts';
import { renderPorts, writeSettings } from './install-settings.ts';
import { listMissed, listUnfinished } from './interrupted-count.ts';
import type { Kill } from './interrupted-count.ts';
import { readEntries, runUntil } from './interrupted-run.ts';

const repository = resolve(import.meta.dirname, '..', '..');
/** Phases of an upgrade that comes up. */
const UPGRADE_PHASES = ['upgrade: stopping', 'upgrade: starting'];
/** Steps that a machine without systemd does not have. */
const NOT_HERE = ['start at boot'];
/** What must be cut short in each pass; an upgrade is in some of the steps as well. */
const WANTED: readonly Kill[] = [
  ...steps.filter(({ name }) => !NOT_HERE.includes(name)).map(({ name }): Kill => ({ pass: 'installation', moment: name })),
  ...UPGRADE_PHASES.map((moment): Kill => ({ pass: 'upgrade', moment })),
];
/** Killed this long after it began, the building of the root is well under way. */
const ROOT_DELAY_MS = 4_000;

/** What is watched over all runs. */
type Watch = {
  readonly killed: Kill[];
  /** Steps that were killed and not done by the end of their pass. */
  readonly unfinished: string[];
  readonly written: string[];
  secrets: Readonly<Record<string, unknown>> | null;
  secretsChanged: number;
  untold: number;
};

async function readSecrets({ dir }: EmptyDebian): Promise<Record<string, unknown> | null> {
  const text = await readFile(join(dir, HOME, 'secrets.json'), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

/** Counts the secrets that are no longer what they were. The admin key itself is forgotten once it was shown; its hash stays. */
async function compareSecrets(debian: EmptyDebian, watch: Watch): Promise<void> {
  const now = await readSecrets(debian);
  const before = watch.secrets;
  if (before)
    for (const [name, value] of Object.entries(before))
      if (name !== 'adminKey' && JSON.stringify(now?.[name]) !== JSON.stringify(value)) watch.secretsChanged++;
  if (now) watch.secrets = now;
}

async function askRows(debian: EmptyDebian, row: string): Promise<readonly string[] | null> {
  const program = `${CHECKOUT}/bench/src/interrupted-rows-cli.ts`;
  const { stdout, stderr, exitCode } = await debian.run([`${CHECKOUT}/node_modules/.bin/node`, program, HOME, CHECKOUT, row]);
  if (exitCode !== 0) throw new Error(`the rows cannot be asked for: ${stderr}`);
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { rows: string[] | null }).rows;
}

/** The root that this machine's rig has, instead of one more minute per run: links to the same files. */
async function shareRoot({ dir }: EmptyDebian): Promise<void> {
  const rig = process.env['CENTRALITA_RIG'];
  if (!rig) throw new Error('CENTRALITA_RIG must be the folder of the private root that `npm run rig` builds');
  await runCommand(['/bin/sh', '-ec', 'rm -rf "$2"/root.building-*; cp -al "$1/root" "$2/root"', 'share', rig, join(dir, HOME)]);
}

/** Kills once in every step, in the order in which they come; the run that follows a kill goes on there. Throws when a run fails that was not killed. */
async function killEverywhere(
  debian: EmptyDebian,
  watch: Watch,
  { pass, log }: { readonly pass: Kill['pass']; readonly log: (line: string) => void },
) {
  const words = pass === 'upgrade' ? ['--upgrade', '--yes'] : ['--yes'];
  const known = (await readEntries(debian)).length;
  const seen = new Set<string>();
  let interrupted: string | null = null;
  for (;;) {
    const end = await runUntil(debian, {
      words,
      isWanted: (moment) => !seen.has(moment),
      delayMs: (moment) => (moment === 'private root' ? ROOT_DELAY_MS : 0),
    });
    await compareSecrets(debian, watch);
    if (interrupted !== null && pass === 'installation' && !end.output.includes(`was cut short in step "${interrupted}"`)) watch.untold++;
    if (end.killedIn === null) {
      if (end.exitCode === 0) break;
      throw new Error(`a run failed after the kill in "${interrupted ?? 'nothing'}":\n${end.output.slice(-3_000)}`);
    }
    interrupted = end.killedIn;
    seen.add(end.killedIn);
    watch.killed.push({ pass, moment: end.killedIn });
    log(`killed in "${end.killedIn}" of the ${pass}`);
    if (end.killedIn === 'private root') await shareRoot(debian);
    const row = `after the kill in ${end.killedIn}, number ${watch.killed.length}`;
    if ((await askRows(debian, row)) !== null) watch.written.push(row);
  }
  const killed = [...seen].filter((moment) => steps.some(({ name }) => name === moment));
  watch.unfinished.push(...listUnfinished(killed, (await readEntries(debian)).slice(known)));
}

/** The next release: the same code with one more line in a file that the control plane is started from. */
async function makeNextRelease({ dir }: EmptyDebian): Promise<void> {
  await appendFile(join(dir, CHECKOUT, 'apps/control-plane/src/boot.ts'), '// The next release.\n');
}

/** Steps that were not done by the end of their pass, and one more where a run still finds something to change. */
async function countNotConverged(debian: EmptyDebian, watch: Watch): Promise<number> {
  const again = await runUntil(debian, { words: ['--yes'], isWanted: () => false, delayMs: () => 0 });
  const isQuiet = again.exitCode === 0 && again.output.includes('0 changes.');
  return watch.unfinished.length + (isQuiet ? 0 : 1);
}

await runBench({
  name: 'interrupted',
  defaults: { 'first-port': 31_300 },
  reaches: {
    steps: `>= ${WANTED.length}`,
    steps_missed: '= 0',
    not_converged: '= 0',
    secrets_changed: '= 0',
    rows_lost: '= 0',
    untold: '= 0',
  },
  standIns: [
    `not killed in: ${NOT_HERE.join(', ')} (needs systemd)`,
    'the private root is killed while it is built, and then taken from this machine’s rig by links instead of being built to its end',
    'packages of the project are taken from this checkout by links; the network is this machine’s own',
  ],
  run: async ({ options, log, signal }) => {
    const folder = await mkdtemp(join(tmpdir(), 'centralita-interrupted-'));
    const watch: Watch = { killed: [], unfinished: [], written: [], secrets: null, secretsChanged: 0, untold: 0 };
    try {
      await using debian = await openEmptyDebian({ folder, log, signal });
      await copyCommittedTree(repository, join(debian.dir, CHECKOUT));
      await runCommand(['cp', '-al', join(repository, 'node_modules'), join(debian.dir, CHECKOUT, 'node_modules')]);
      await writeSettings(join(debian.dir, HOME, '.env'), renderPorts(options['first-port']));
      await killEverywhere(debian, watch, { pass: 'installation', log });
      await makeNextRelease(debian);
      await killEverywhere(debian, watch, { pass: 'upgrade', log });
      if (watch.written.length === 0 || watch.secrets === null)
        throw new Error('no row was written and no secret made between the kills: nothing was there to be lost');
      const rows = (await askRows(debian, '')) ?? [];
      const notConverged = await countNotConverged(debian, watch);
      const lost = watch.written.filter((row) => !rows.includes(row)).length;
      const missed = listMissed(WANTED, watch.killed);
      for (const { pass, moment } of missed) log(`nothing was killed in "${moment}" of the ${pass}`);
      log(`${watch.written.length} rows written between the runs; journal: ${(await readEntries(debian)).length} lines`);
      return {
        n: watch.killed.length,
        figures: {
          steps: watch.killed.length,
          steps_missed: missed.length,
          not_converged: notConverged,
          secrets_changed: watch.secretsChanged,
          rows_lost: lost,
          untold: watch.untold,
        },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
