/** What the proof of containers counts in a trial, and what each figure must reach: apart from the trial, which takes minutes, so that a figure without a reach is found before. */
import { TRIAL_SERVICES } from '@centralita/e2e/containers-trial.ts';
import type { Trial } from '@centralita/e2e/containers-trial.ts';
import type { Reaches } from './bench-report.ts';

export const CONTAINER_REACHES = {
  first_call_s: '<= 720',
  second_run_s: '<= 15',
  second_run_changes: '= 0',
  sentences_heard: '= 2',
  outside_audio_ms: '>= 2000',
  services_missing: '= 0',
  containers_with_rights: '= 0',
  secrets_in_environments: '= 0',
  backups_unopened: '= 0',
  targets_dead: '= 0',
  containers_left: '= 0',
  restores_wrong: '= 0',
  release_images_kept: '= 6',
  releases_wrong: '= 0',
  upgrade_s: '<= 300',
  unhealthy_return_s: '<= 120',
  rollback_s: '<= 120',
  left_after_purge: '= 0',
} as const satisfies Reaches;

/** Throws where the trial was made without its changes of release. */
export function countContainers(trial: Trial): Readonly<Record<keyof typeof CONTAINER_REACHES, number>> {
  const { containers, changes } = trial;
  if (!changes) throw new Error('the changes were asked for and not made');
  const hasRights = ({ user, isReadOnly, capabilities }: (typeof containers)[number]): boolean =>
    /^(0|root)?(:|$)/.test(user) || !isReadOnly || !/^0+$/.test(capabilities);
  return {
    first_call_s: trial.firstRunS,
    second_run_s: trial.secondRunS,
    second_run_changes: Number(/^(\d+) changes\.$/m.exec(trial.secondRunOutput)?.[1] ?? Number.NaN),
    sentences_heard: trial.heard.length,
    outside_audio_ms: trial.outsideAudioMs,
    services_missing: TRIAL_SERVICES.filter((name) => !containers.some(({ service }) => service === name)).length,
    containers_with_rights: containers.filter(hasRights).length,
    secrets_in_environments: containers.flatMap(({ leaks }) => leaks).length,
    backups_unopened: trial.backupHead === 'PGDMP' ? 0 : 1,
    targets_dead: trial.deadTargets.length,
    containers_left: trial.leftContainers,
    restores_wrong: [
      changes.rehearsal.includes('Restore rehearsed'),
      changes.damaged.code === 20 && changes.damaged.isUntouched,
      changes.restored.isGone && changes.restored.keptSecrets,
    ].filter((isRight) => !isRight).length,
    release_images_kept: changes.keptImages,
    releases_wrong: [changes.broken.code === 30 && changes.broken.isBack, changes.isFirstAgain, changes.callsHeard === 2].filter(
      (isRight) => !isRight,
    ).length,
    upgrade_s: changes.upgradeS,
    unhealthy_return_s: changes.broken.returnS,
    rollback_s: changes.rollbackS,
    left_after_purge: trial.leftOthers.length,
  };
}
