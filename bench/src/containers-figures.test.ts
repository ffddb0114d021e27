// What the proof of containers makes of a trial: every figure has its reach, and what must not be found is counted.
import { TRIAL_SERVICES } from '@centralita/e2e/containers-trial.ts';
import type { Trial } from '@centralita/e2e/containers-trial.ts';
import { expect, it } from 'vitest';
import { judgeFigures } from './bench-report.ts';
import { CONTAINER_REACHES, countContainers } from './containers-figures.ts';

const confined = { user: '704:704', isReadOnly: true, capabilities: '0000000000000000', leaks: [] };
const good: Trial = {
  firstRunS: 230,
  secondRunS: 2,
  secondRunOutput: 'debian 12\n0 changes.\n',
  heard: ['buenos días', 'abrimos a las nueve'],
  outsideAudioMs: 5_000,
  containers: TRIAL_SERVICES.map((service) => ({ service, ...confined })),
  backupHead: 'PGDMP',
  deadTargets: [],
  changes: {
    backupNames: [],
    backupRows: 600,
    rehearsal: 'Restore rehearsed: 46 tables',
    damaged: { code: 20, isUntouched: true },
    restored: { isGone: true, keptSecrets: true },
    upgradeS: 80,
    keptImages: 6,
    broken: { code: 30, returnS: 60, isBack: true },
    rollbackS: 40,
    isFirstAgain: true,
    callsHeard: 2,
  },
  leftContainers: 0,
  leftOthers: [],
};
const short = (trial: Trial): readonly string[] =>
  Object.entries(judgeFigures(CONTAINER_REACHES, countContainers(trial))).flatMap(([key, { ok }]) => (ok ? [] : [key]));

it('reaches everything where nothing is wrong', () => {
  expect(short(good)).toEqual([]);
});

it('counts a process of root, a secret in a variable, a restore that replaced nothing and a second run that changed something', () => {
  const containers = good.containers.map((one, index) => (index === 0 ? { ...one, user: 'root', leaks: ['DATABASE_URL'] } : one));
  const changes = good.changes && { ...good.changes, restored: { isGone: false, keptSecrets: true } };
  expect(short({ ...good, containers, changes, secondRunOutput: '2 changes.\n' })).toEqual([
    'second_run_changes',
    'containers_with_rights',
    'secrets_in_environments',
    'restores_wrong',
  ]);
});
