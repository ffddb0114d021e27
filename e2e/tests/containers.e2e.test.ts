// The container runtime for real. It builds five images from debootstrap on, which takes minutes: only where CENTRALITA_DOCKER_TEST=1 asks for it.
import { expect, it } from 'vitest';
import { runContainersTrial, TRIAL_SERVICES } from '#e2e/containers-trial.ts';
import { engineFor, isEngineTestAsked } from '#e2e/engine-test.ts';

const LIMIT_MS = 720_000;
/** Besides, a restore and three changes of release, each with a call. */
const CHANGES_LIMIT_MS = 1_500_000;

it.skipIf(!isEngineTestAsked)(
  'the appliance is built, brought up and called in containers, with a Debian mirror and npm alone',
  async (context) => {
    await using engine = await engineFor(context);
    const trial = await runContainersTrial({ engine, log: console.log, signal: AbortSignal.timeout(LIMIT_MS) });
    expect(trial.heard).toHaveLength(2);
    expect(trial.outsideAudioMs).toBeGreaterThan(2_000);
    expect(trial.secondRunOutput).toContain('\n0 changes.');
    expect(trial.containers.map(({ service }) => service)).toEqual(TRIAL_SERVICES);
    for (const container of trial.containers)
      expect(container).toMatchObject({
        isReadOnly: true,
        capabilities: '0'.repeat(16),
        leaks: [],
        user: expect.stringMatching(/^70[1-4]:/) as string,
      });
    expect(trial.backupHead).toBe('PGDMP');
    expect(trial.deadTargets).toEqual([]);
    expect(trial.leftContainers).toBe(0);
    expect(trial.leftOthers).toEqual([]);
  },
  LIMIT_MS + 120_000,
);

it.skipIf(!isEngineTestAsked)(
  'an appliance in containers is saved and restored, goes to another release and back, and returns from one that does not come up',
  async (context) => {
    await using engine = await engineFor(context);
    const { changes } = await runContainersTrial({
      engine,
      log: console.log,
      signal: AbortSignal.timeout(CHANGES_LIMIT_MS),
      hasChanges: true,
    });
    expect(changes?.backupNames).toEqual(
      expect.arrayContaining(['.env', 'database.dump', 'exports', 'manifest.json', 'recordings', 'secrets.json', 'state.json']),
    );
    expect(changes?.rehearsal).toContain('Restore rehearsed');
    expect(changes?.damaged).toEqual({ code: 20, isUntouched: true });
    expect(changes?.restored).toEqual({ isGone: true, keptSecrets: true });
    // Five images and their base.
    expect(changes?.keptImages).toBe(6);
    expect(changes?.broken).toMatchObject({ code: 30, isBack: true });
    expect(changes?.isFirstAgain).toBe(true);
    expect(changes?.callsHeard).toBe(2);
  },
  CHANGES_LIMIT_MS + 120_000,
);
