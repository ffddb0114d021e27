/** The table of verbs: `main.ts` and `--help` are made from it, and `provision.sh` knows the same words (a test compares the two). */
import { runDoctor } from '#doctor/doctor-verb.ts';
import { runApply } from '#lifecycle/apply-verb.ts';
import { runCheck } from '#lifecycle/check-verb.ts';
import { runPlan } from '#lifecycle/plan-verb.ts';
import { runLogs, runNewAdminKey, runStart, runStatus, runStop } from '#lifecycle/service-verbs.ts';
import { nativeRuntime } from '#runtime/native-runtime.ts';
import type { RuntimeCall } from '#runtime/runtime.ts';
import { runRollback } from '#releases/rollback-verb.ts';
import { runUpgrade } from '#releases/upgrade-verb.ts';
import { MODELS_USAGE, runModels } from '#models/models-verb.ts';
import { runBackup } from '#backup/backup-verb.ts';
import { runRestore } from '#backup/restore-verb.ts';
import { runSupportBundle } from '#lifecycle/support-verb.ts';
import { runUninstall } from '#lifecycle/uninstall-verb.ts';
import { runTriton } from '#triton/triton-verb.ts';
import { runEngines } from '#cpu-engines/engines-verb.ts';
import { runCalibrate } from '#sizing/calibrate-verb.ts';
import { runBundle } from '#bundle/bundle-verb.ts';
import { runOffline } from '#bundle/offline-verb.ts';
import { SERVICE_NAMES } from './services.ts';
import type { Verb } from './verb.ts';

/** A verb that is the same in every runtime, in the native one. */
function native(run: (call: RuntimeCall) => Promise<number>): Verb['run'] {
  return async (place, args, signal) => await run({ runtime: nativeRuntime, place, args, signal });
}

/** In the order in which `--help` lists them. */
export const VERBS: readonly Verb[] = [
  {
    name: '',
    usage: '[--yes] [--json] [--profile auto|cpu] [--runtime native|docker] [--models [--pin]]',
    summary:
      'install, or put right what is not as it should be; --profile cpu leaves GPUs alone, --models fetches what the plan wants and serves it',
    needs: 'install',
    run: runApply,
  },
  {
    name: '--check',
    usage: '[--json] [--profile auto|cpu] [--runtime native|docker]',
    summary: 'say whether this machine can be an appliance, and whether the one on it is as it should be; change nothing',
    needs: 'nothing',
    run: runCheck,
  },
  {
    name: '--plan',
    aliases: ['--dry-run'],
    usage: '[--json] [--profile auto|cpu] [--runtime native|docker]',
    summary: 'say what would change, change nothing',
    needs: 'nothing',
    run: runPlan,
  },
  {
    name: 'status',
    usage: '',
    summary: 'say which services answer, which engines run, how many calls are up',
    needs: 'root',
    run: runStatus,
  },
  {
    name: 'doctor',
    usage: '[--json] [--no-call]',
    summary: 'check the machine and what is installed, with a test call; say what to put right and how',
    needs: 'root',
    run: runDoctor,
  },
  { name: 'logs', usage: '[NAME]', summary: `the last lines of ${SERVICE_NAMES.join(', ')}`, needs: 'root', run: runLogs },
  {
    name: 'calibrate',
    usage: '[--no-apply] [--json]',
    summary: 'measure how many calls this machine bears, with real ones, and admit as many; 90 s, and only while none are up',
    needs: 'lock',
    run: runCalibrate,
  },
  {
    name: 'models',
    usage: MODELS_USAGE,
    summary: 'which models there are; fetch, check or take in their files',
    needs: 'root',
    run: runModels,
  },
  {
    name: 'triton',
    usage: '[--json]',
    summary: 'write the folders of models that Triton loads on the boards of this machine, and say how it is started on them',
    needs: 'lock',
    run: runTriton,
  },
  {
    name: 'engines',
    usage: '[--json]',
    summary: 'give the inference server of a machine without boards the models that lie here, llama.cpp with them',
    needs: 'lock',
    run: runEngines,
  },
  { name: 'stop', usage: '', summary: 'stop everything; data stays', needs: 'lock', run: runStop },
  { name: 'start', usage: '', summary: 'start everything again', needs: 'install', run: runStart },
  {
    name: 'new-admin-key',
    usage: '',
    summary: 'replace the admin key: nothing restarts, the old key is refused at once, the new one is shown once',
    needs: 'lock',
    run: runNewAdminKey,
  },
  {
    name: '--upgrade',
    usage: '[--max-drain SECONDS]',
    summary: 'let this code take over from the release that runs: with a restore point, and back by itself when it does not come up',
    needs: 'install',
    run: native(runUpgrade),
  },
  {
    name: '--rollback',
    usage: '[--max-drain SECONDS] [--yes]',
    summary: 'go back to the release before the present one; says what is lost and asks',
    needs: 'lock',
    run: native(runRollback),
  },
  {
    name: '--backup',
    usage: '[FILE] [--recordings] [--exports] [--rehearse] [--recovery-sheet]',
    summary: 'save database, settings and secrets in one encrypted file, calls or not; its key is on the recovery sheet',
    needs: 'lock',
    run: native(runBackup),
  },
  {
    name: '--restore',
    usage: 'FILE [--key-file KEY] [--rehearse] [--take-over] [--yes]',
    summary: 'make this machine the one that the backup was made of; --rehearse: only try it, beside the database in use',
    needs: 'install',
    run: native(runRestore),
  },
  {
    name: '--bundle',
    usage: 'OUT [--sign-key FILE]',
    summary: 'write one file that a machine without a network can be installed and upgraded from; of containers with their images',
    needs: 'lock',
    run: runBundle,
  },
  {
    name: '--offline',
    usage: 'BUNDLE [--public-key KEY] [--yes] [--json]',
    summary: 'install or upgrade from such a file; on a machine without Node: tar -xf BUNDLE install.sh && sh install.sh BUNDLE',
    needs: 'lock',
    run: runOffline,
  },
  {
    name: '--uninstall',
    usage: '[--purge [SERVER_NAME]] [--force] [--yes] [--json]',
    summary: 'remove the installation; its data stays, unless --purge, which asks for the name of the server',
    needs: 'lock',
    run: native(runUninstall),
  },
  {
    name: '--support-bundle',
    usage: '[FILE]',
    summary: 'gather what helps to find a fault into one file, without secrets, numbers and addresses of people',
    needs: 'root',
    run: runSupportBundle,
  },
];

/** What `--help` prints: a call that is too long for the column has its summary on the next line. */
export function renderUsage(verbs: readonly Verb[] = VERBS): string {
  const lines = verbs.map(({ name, usage, summary }) => {
    const call = ['provision.sh', name, usage].filter((word) => word !== '').join(' ');
    return call.length < SUMMARY_COLUMN ? `${call.padEnd(SUMMARY_COLUMN)}${summary}` : `${call}\n${' '.repeat(SUMMARY_COLUMN)}${summary}`;
  });
  return [
    ...lines,
    '',
    'Exit codes: 0 done, 1 failed, 2 called wrongly, 10 warnings, 20 something must be put right first, 30 failed and put back',
  ].join('\n');
}

const SUMMARY_COLUMN = 32;

/**
 * The verb that is meant, with what follows it. No word, or an option first, is the installation itself: `provision.sh --yes`.
 * Null for a word that nobody knows.
 */
export function findVerb(
  argv: readonly string[],
  verbs: readonly Verb[] = VERBS,
): { readonly verb: Verb; readonly args: readonly string[] } | null {
  const [word = '', ...rest] = argv;
  const named = verbs.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
  if (named) return { verb: named, args: rest };
  const install = verbs.find(({ name }) => name === '');
  return install && APPLY_OPTIONS.includes(word) ? { verb: install, args: argv } : null;
}

/** Options of the installation itself, which may come first. */
export const APPLY_OPTIONS: readonly string[] = ['--yes', '--json', '--profile', '--runtime', '--models'];
