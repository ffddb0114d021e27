/** From the present release to the next and back on a real appliance of its own, and to a next one that never gets ready, which must go back by itself. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { COMMAND_LINK_PATH, findCommand } from '@centralita/provision/command-link.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { isThere } from '@centralita/provision/path-presence.ts';
import { findCurrent } from '@centralita/provision/releases/release-store.ts';
import { stopService, stopSupervisor } from '@centralita/provision/supervisor.ts';
import { runBench } from './harness.ts';
import { renderPorts, writeSettings } from './install-settings.ts';
import { countRows, listDiffering, readRows, withoutMeasurements } from './upgrade-rows.ts';
import type { Rows } from './upgrade-rows.ts';
import { breakControlPlane, copyTree, makeNext } from './upgrade-trees.ts';

const repository = resolve(import.meta.dirname, '..', '..');
const PUT_BACK = 30;
/** By a process that was ended with SIGKILL. */
const KILLED = null;

/** One run of the provisioner of a tree. */
type Run = { readonly exitCode: number | null; readonly lines: readonly { readonly text: string; readonly atMs: number }[] };
type Machine = { readonly home: string; readonly log: (message: string) => void; readonly signal: AbortSignal };

/** Runs it; where `until` fits a line it is killed at once, with whatever it had started. */
async function provision(
  machine: Machine,
  tree: string,
  options: { readonly args: readonly string[]; readonly until?: RegExp },
): Promise<Run> {
  const argv = ['--pdeathsig', 'KILL', join(tree, 'node_modules/.bin/node'), join(tree, 'provision/src/main.ts'), ...options.args];
  const child = spawn('setpriv', argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The lock of a machine's one installation is not for one of many beside each other.
    env: { ...process.env, CENTRALITA_HOME: machine.home, CENTRALITA_LOCKED: '1' },
    signal: machine.signal,
  });
  const lines: { text: string; atMs: number }[] = [];
  const hear = (text: string): void => {
    lines.push({ text, atMs: performance.now() });
    if (/^ {2}(upgrade|rollback|services|migrations): /.test(text)) machine.log(text.trim());
    if (options.until?.test(text)) child.kill('SIGKILL');
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', hear);
  const exitCode = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  return { exitCode, lines };
}

async function expectExit(what: string, run: Run, wanted: number | null): Promise<void> {
  if (run.exitCode === wanted) return;
  const end = run.lines.slice(-40).map(({ text }) => text);
  throw new Error(`${what}: exit code ${run.exitCode} instead of ${wanted}\n${end.join('\n')}`);
}

/** The rows while nobody writes. */
async function readStill(machine: Machine): Promise<Rows> {
  await stopService(machine.home, 'control-plane');
  return await readRows(machine.home, await currentRelease(machine));
}

async function currentRelease({ home }: Machine): Promise<string> {
  const id = await findCurrent(home);
  if (id === null) throw new Error(`${home}: no release runs`);
  return id;
}

/** Rows that are in one of the two and not in the other; a changed one is in both counts. */
type Differing = { readonly lost: number; readonly added: number };

type Comparison = { readonly before: Rows; readonly after: Rows; readonly hasRun?: boolean };

/** `hasRun`: the control plane has started in between, and notes how it does. */
function countDiffering(machine: Machine, what: string, { before, after, hasRun = false }: Comparison): Differing {
  const all = listDiffering(before, after);
  const differing = hasRun ? withoutMeasurements(all) : all;
  for (const [table, { lost, added }] of differing) machine.log(`${what}: ${table}: ${lost} rows are gone, ${added} are new`);
  if (differing.size === 0) machine.log(`${what}: ${countRows(before)} rows in ${before.size} tables, all the same`);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const each = [...differing.values()];
  return { lost: sum(each.map(({ lost }) => lost)), added: sum(each.map(({ added }) => added)) };
}

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  return response.ok;
}

/** The way back by itself: how long it took from the start of the control plane that never gets ready until the old one is ready. */
async function proveReturn(machine: Machine, trees: Trees): Promise<{ readonly seconds: number; readonly differing: number }> {
  machine.log('to a release whose control plane never gets ready');
  const before = await readStill(machine);
  const run = await provision(machine, trees.broken, { args: ['--upgrade'] });
  await expectExit('--upgrade to the broken release', run, PUT_BACK);
  if (!(await isReady(trees.httpPort))) throw new Error('the old release is not ready after the return');
  const startedAtMs = run.lines.find(({ text }) => text.includes('services: starting control-plane'))?.atMs;
  const endedAtMs = run.lines.at(-1)?.atMs;
  if (startedAtMs === undefined || endedAtMs === undefined) throw new Error('the broken control plane was never started');
  const after = await readStill(machine);
  const { lost, added } = countDiffering(machine, 'after the return', { before, after, hasRun: true });
  return { seconds: (endedAtMs - startedAtMs) / 1_000, differing: lost + added };
}

/** There and back. The way back is killed when the old data are there and nothing has started: only then may every row be compared. */
async function proveRollback(machine: Machine, trees: Trees): Promise<number> {
  machine.log('to the next release');
  const before = await readStill(machine);
  await expectExit('--upgrade', await provision(machine, trees.next, { args: ['--upgrade'] }), 0);
  if (!(await isReady(trees.httpPort))) throw new Error('the next release is not ready');
  const between = await readRows(machine.home, await currentRelease(machine));
  if (!between.has('public.upgrade_proof')) throw new Error('the migration of the next release did not run');
  const changed = countDiffering(machine, 'meanwhile', { before, after: between });
  machine.log(`and back; the next release changed or lost ${changed.lost} rows and added ${changed.added}`);
  // The first words of the old release's own provisioner: a line about the machine, before anything is started.
  const killed = await provision(machine, trees.next, { args: ['--rollback', '--yes'], until: / cores, .* memory, / });
  await expectExit('--rollback, killed on its way', killed, KILLED);
  const after = await readStill(machine);
  const { lost, added } = countDiffering(machine, 'after the rollback', { before, after });
  await expectExit('--rollback, again', await provision(machine, trees.next, { args: ['--rollback', '--yes'] }), 0);
  if (!(await isReady(trees.httpPort))) throw new Error('the old release is not ready after the rollback');
  return lost + added;
}

type Trees = { readonly present: string; readonly next: string; readonly broken: string; readonly httpPort: number };

async function makeTrees(folder: string, httpPort: number): Promise<Trees> {
  const trees = { present: join(folder, 'present'), next: join(folder, 'next'), broken: join(folder, 'broken'), httpPort };
  await copyTree(repository, trees.present);
  await copyTree(trees.present, trees.next);
  await makeNext(trees.next, '999.0.0');
  await copyTree(trees.present, trees.broken);
  await makeNext(trees.broken, '999.0.1');
  await breakControlPlane(trees.broken);
  return trees;
}

/** The rig's private root saves a minute where there is one; it is linked, not shared. */
async function linkRoot(home: string): Promise<void> {
  const root = join(process.env['CENTRALITA_RIG'] ?? join(repository, '.rig'), 'root');
  if (await isThere(join(root, 'centralita-root.json')))
    await runCommand(['cp', '--archive', '--link', root, join(home, 'root')]).catch(() => runCommand(['cp', '--archive', root, home]));
}

await runBench({
  name: 'upgrade',
  defaults: { 'first-port': 31_400 },
  reaches: { rows_differing: '= 0', unhealthy_return_s: '<= 120' },
  standIns: [
    'the next release is the present one with another version and one migration more, made here; the broken one has a control plane that answers 503 to everything',
    'no models: espeak-ng and phrases',
  ],
  run: async ({ options, log, signal }) => {
    const folder = await mkdtemp(join(tmpdir(), 'centralita-upgrade-'));
    // The services' users go through it.
    await chmod(folder, 0o755);
    const machine = { home: join(folder, 'home'), log, signal };
    const first = options['first-port'];
    try {
      await writeSettings(join(machine.home, '.env'), `${renderPorts(first)}DRAIN_SECONDS=20\n`);
      await linkRoot(machine.home);
      const trees = await makeTrees(folder, first + 3);
      log('installing the present release');
      await expectExit('provision.sh', await provision(machine, trees.present, { args: ['--yes'] }), 0);
      const { seconds, differing } = await proveReturn(machine, trees);
      log(`back by itself within ${seconds.toFixed(1)} s`);
      const differingAfterRollback = await proveRollback(machine, trees);
      return { n: 3, figures: { rows_differing: differing + differingAfterRollback, unhealthy_return_s: seconds } };
    } finally {
      await stopSupervisor(machine.home);
      // Where no other installation has the name, this one took it.
      if ((await findCommand(machine.home)).link === 'ours') await rm(COMMAND_LINK_PATH);
      await rm(folder, { recursive: true, force: true });
    }
  },
});
