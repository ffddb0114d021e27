// A measurement is believed for the machine and the models that it was made with, and for no others.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleHardware } from '#machine/sample-hardware.ts';
import { ObstacleError } from '#place.ts';
import { calibrationPath, digestHardware } from './calibration.ts';
import { planMachine } from './machine-plan.ts';

const hardware = sampleHardware({});
const settings = { MODELS_COMMERCIAL_ONLY: '1', LANGUAGE_MODEL_CONTEXT_TOKENS: 4_096 } as const;
const repository = resolve(import.meta.dirname, '..', '..', '..');

describe('the plan of this machine', () => {
  let home: string;
  beforeEach(async () => (home = await mkdtemp(join(tmpdir(), 'plan-'))));
  afterEach(() => rm(home, { recursive: true }));

  const plan = async () => await planMachine({ home, repository, hardware, settings });
  const measure = async (modelsDigest: string) =>
    await writeFile(
      calibrationPath(home),
      JSON.stringify({
        version: 1,
        at: '2026-11-21T12:00:00.000Z',
        hardwareDigest: digestHardware(hardware),
        modelsDigest,
        targetMs: 2_100,
        method: 'calls',
        speechToText: { seconds: 0.03, parallel: 2 },
        textToSpeech: { rtf: 0.05, firstAudioSeconds: 0.1 },
        languageModel: null,
        coresPerCall: null,
        levels: [{ calls: 7, gapP95Ms: 500, turns: 20 }],
        maxConcurrentCalls: 7,
        isLimitFound: true,
        stopped: null,
      }),
    );

  it('admits what was measured with the models that are here', async () => {
    await measure((await plan()).modelsDigest);
    expect((await plan()).plan).toMatchObject({ maxConcurrentCalls: 7, binding: 'measured' });
  });

  it.each([
    ['calibration.json', '{"version":', /calibration\.json is not JSON: remove it and run "provision\.sh calibrate" again/],
    ['calibration.json', '{"version":2}', /calibration\.json is wrong: remove it/],
    ['models/pins.json', '[', /pins\.json is damaged: put it back from a backup, or remove it/],
  ])('is not made from a damaged %s (%s), which is in the way with what to do', async (name, text, told) => {
    await mkdir(join(home, 'models'));
    await writeFile(join(home, name), text);
    await expect(plan()).rejects.toThrow(told);
    await expect(plan()).rejects.toBeInstanceOf(ObstacleError);
  });

  it('tells which machine it planned for: a measurement made without its boards is of that one', async () => {
    expect((await plan()).hardware).toBe(hardware);
  });

  it('does not use what was measured with other models, and says so', async () => {
    await measure('0'.repeat(64));
    const { plan: found } = await plan();
    expect(found.binding).not.toBe('measured');
    expect(found.warnings.at(-1)).toContain('was made with other models');
  });
});
