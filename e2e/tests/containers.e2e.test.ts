// The container runtime for real. It builds five images from debootstrap on, which takes minutes: only where CENTRALITA_DOCKER_TEST=1 asks for it.
import { expect, it } from 'vitest';
import { startContainerEngine } from '#e2e/container-engine.ts';
import { runContainersTrial, TRIAL_SERVICES } from '#e2e/containers-trial.ts';

const LIMIT_MS = 720_000;
/** Besides, a restore and three changes of release, each with a call. */
const CHANGES_LIMIT_MS = 1_500_000;
const isAsked = process.env['CENTRALITA_DOCKER_TEST'] === '1';

it.skipIf(!isAsked)(
  'the appliance is built, brought up and called in containers, with a Debian mirror and npm alone',
  async (context) => {
    const started = await startContainerEngine();
    if (started.kind === 'none') {
      console.log(`skipped: no engine (${started.reason})`);
      return context.skip(`no engine: ${started.reason}`);
    }
    await using engine = started.engine;
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

it.skipIf(!isAsked)(
  'an appliance in containers is saved and restored, goes to another release and back, and returns from one that does not come up',
  async (context) => {
    const started = await startContainerEngine();
    if (started.kind === 'none') {
      console.log(`skipped: no engine (${started.reason})`);
      return context.skip(`no engine: ${started.reason}`);
    }
    await using engine = started.engine;
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
