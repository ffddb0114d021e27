/**
 * Every test of the product, in the order in which a fault is cheapest to find: checks, the models' Python, unit, database in process and on
 * PostgreSQL, the sandbox, then real calls. Arguments choose steps by name; without any, all run. The last line is the sum.
 */
import { resolve } from 'node:path';
import { openTestDatabase } from '@centralita/e2e/test-database.ts';
import { runPythonTests } from './python-tests.ts';
import { hasOwnEspeak, prepareRig } from './test-rig.ts';
import { runCheck, runTests } from './test-step.ts';
import { summaryLine, sumTallies } from './test-tally.ts';
import type { Tally } from './test-tally.ts';

type Environment = Readonly<Record<string, string>>;
type Step = {
  readonly name: string;
  /** `voice` needs an espeak-ng, the machine's or the rig's; `rig` needs the rig. */
  readonly needs?: 'voice' | 'rig';
  /** A later step runs the same tests and more: left out where all steps run. */
  readonly isCoveredBy?: string;
  readonly run: (env: Environment) => Promise<Tally>;
};

/** Where the rig lives between runs: building its private root takes a minute and 800 MB. */
const rigHome = process.env['CENTRALITA_RIG'] ?? resolve(import.meta.dirname, '..', '.rig');

const steps: readonly Step[] = [
  { name: 'format', run: () => runCheck(['oxfmt', '--check']) },
  { name: 'lint', run: () => runCheck(['oxlint', '--type-aware']) },
  { name: 'types', run: () => runCheck(['tsc', '-p', '.']) },
  { name: 'dead-code', run: () => runCheck(['knip']) },
  { name: 'python', run: runPythonTests },
  { name: 'unit', needs: 'voice', run: (env) => runTests('unit', env) },
  { name: 'db', isCoveredBy: 'db-server', run: (env) => runTests('db', env) },
  { name: 'db-server', needs: 'rig', run: runDatabaseTests },
  { name: 'walk', run: (env) => runTests('walk', env) },
  { name: 'e2e', needs: 'rig', run: (env) => runTests('e2e', { ...env, CENTRALITA_RIG: rigHome }) },
];

/** Every database test on PGlite and on the server: the kinds are in the tests. */
async function runDatabaseTests(env: Environment): Promise<Tally> {
  await using database = await openTestDatabase(rigHome, { isLosable: true });
  return await runTests('db', { ...env, TEST_DATABASE_URL: database.superuserUrl });
}

async function runStep(name: string, run: () => Promise<Tally>): Promise<Tally> {
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const tally = await run().catch((error: unknown) => {
    console.error(error);
    return { passed: 0, failed: 1 };
  });
  console.log(`== ${name}: ${tally.failed === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return tally;
}

async function runAll(chosen: readonly Step[]): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  const rig: { env?: Environment } = {};
  if (chosen.some(({ needs }) => needs === 'rig' || (needs === 'voice' && !hasOwnEspeak()))) {
    const prepared = await runStep('rig', async () => {
      rig.env = await prepareRig(rigHome);
      return { passed: 0, failed: 0 };
    });
    tallies.push(prepared);
  }
  for (const step of chosen) {
    if (step.needs === 'rig' && rig.env === undefined) {
      console.log(`\n== ${step.name}: FAILED, it needs the rig`);
      tallies.push({ passed: 0, failed: 1 });
    } else tallies.push(await runStep(step.name, () => step.run(rig.env ?? {})));
  }
  return tallies;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`Unknown step: ${unknown.join(', ')}. Steps: ${steps.map((step) => step.name).join(', ')}.`);
  process.exit(2);
}
const total = sumTallies(await runAll(steps.filter((step) => (names.length === 0 ? !step.isCoveredBy : names.includes(step.name)))));
console.log(summaryLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
