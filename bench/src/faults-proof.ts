/**
 * The fault suite: each failure mode that can be brought about on one machine, on the whole product, one after the other, judged by one oracle.
 * `--list` shows the rows, also those that cannot be tried here and why; `--only NAME` (several with commas) tries some.
 */
import { parseArgs } from 'node:util';
import { exitStatusOf, judgeFigures } from './bench-report.ts';
import type { Fault } from './fault.ts';
import { faultsNotHere } from './fault-not-here.ts';
import { faults } from './fault-rows.ts';
import { tryFault, warmUp } from './fault-run.ts';
import type { FaultResult } from './fault-run.ts';
import { openFaultWorld } from './fault-world.ts';
import { availableParallelism, loadavg } from 'node:os';

/** The whole suite is over after this, whatever hangs: its 77 faults take 16 minutes on two cores that others use too. */
const SUITE_LIMIT_MS = 25 * 60_000;

const standIns = [
  'models are scripted stand-ins in a process of their own; an organization’s system, the receiver of alerts and the wires to Asterisk and PostgreSQL are the suite’s own',
  'callers speak SIP and G.711 from the process of the suite; Asterisk, PostgreSQL and the control plane are real, each its own process',
];

function describe({ name, row, fault, injection, expected }: Fault): string {
  return `${String(row).padStart(2)}  ${name.padEnd(34)} ${fault}; ${injection} -> ${expected}`;
}

function list(): void {
  for (const fault of faults) console.log(describe(fault));
  for (const { row, fault, notHere } of faultsNotHere)
    console.log(`${String(row).padStart(2)}  ${'(not here)'.padEnd(34)} ${fault}: ${notHere}`);
}

function chosenBy(only: string | undefined): readonly Fault[] {
  if (only === undefined) return faults;
  const names = only.split(',');
  const unknown = names.filter((name) => !faults.some((fault) => fault.name === name));
  if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')}; --list shows them`);
  return faults.filter(({ name }) => names.includes(name));
}

function lineOf({ name, row, survived, tookMs, problems }: FaultResult): string {
  const line = `${survived ? 'ok    ' : 'FAILED'} ${String(row).padStart(2)}  ${name.padEnd(34)} ${(tookMs / 1_000).toFixed(1).padStart(5)} s`;
  return [line, ...problems.map((problem) => `          ${problem}`)].join('\n');
}

async function tryAll(chosen: readonly Fault[]): Promise<FaultResult[]> {
  const over = AbortSignal.any([AbortSignal.timeout(SUITE_LIMIT_MS), stopSignal()]);
  const ended = new Promise<null>((resolve) => over.addEventListener('abort', () => resolve(null)));
  await using world = await openFaultWorld();
  const calm = await warmUp(world);
  const results: FaultResult[] = [];
  for (const fault of chosen) {
    const { name, row } = fault;
    const tried = over.aborted ? null : await Promise.race([tryFault(world, fault, calm), ended]);
    const result = tried ?? { name, row, survived: false, tookMs: 0, problems: ['the suite’s time was over'] };
    results.push(result);
    console.log(lineOf(result));
  }
  return results;
}

/** Whoever stops the suite has it take its processes with it. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return controller.signal;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { list: { type: 'boolean' }, only: { type: 'string' } } });
  if (values.list === true) return list();
  const chosen = chosenBy(values.only);
  const [load, at] = [loadavg()[0] ?? 0, new Date().toISOString()];
  console.log(`proof faults: ${chosen.length} of ${faults.length}, load ${load.toFixed(2)}`);
  for (const standIn of standIns) console.log(`stand-in: ${standIn}`);
  const results = await tryAll(chosen);
  for (const { row, fault, notHere } of faultsNotHere) console.log(`       ${String(row).padStart(2)}  not here: ${fault}: ${notHere}`);
  console.log(JSON.stringify({ faults: results, notHere: faultsNotHere }));
  const survived = results.filter((result) => result.survived).length;
  // All of them are the proof; some of them are a look at those.
  const least = values.only === undefined ? 40 : chosen.length;
  const figures = judgeFigures(
    { faults: `>= ${least}`, survived: `>= ${chosen.length}`, failed: '= 0' },
    { faults: results.length, survived, failed: results.length - survived },
  );
  const report = {
    name: 'faults',
    at,
    seed: 0,
    n: results.length,
    host: { cores: availableParallelism(), load: Number(load.toFixed(2)) },
    figures,
  };
  console.log(JSON.stringify(report));
  process.exitCode = exitStatusOf(report);
}

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
// A world that could not be taken down leaves sockets open; its figures are told.
process.exit();
