/** The plan of the machine that this runs on: what was detected, what lies in its folder of models, what it measured of itself. */
import type { Hardware } from '#machine/hardware.ts';
import { listInstalledModels } from '#models/models-folder.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { digestOf } from '#services.ts';
import { readCalibration } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { planSizing } from './plan-sizing.ts';
import type { SizingPlan } from './sizing-plan.ts';

/** The settings of `.env` that sizing asks. */
export type SizingSettings = {
  readonly MODELS_COMMERCIAL_ONLY: '0' | '1';
  readonly LANGUAGE_MODEL_CONTEXT_TOKENS: number;
};

export type MachinePlan = {
  /** The machine that is planned for: without the boards that are to be left alone. A measurement is of this one. */
  readonly hardware: Hardware;
  /** By the models that are here: what is admitted. */
  readonly plan: SizingPlan;
  /** As if every model could be fetched: what the machine could be. */
  readonly possible: SizingPlan;
  readonly calibration: Calibration | null;
  /** Of the models that are here: a measurement with others says nothing of these. */
  readonly modelsDigest: string;
};

/** Reads and plans. Throws when the manifest, the pins or the calibration are damaged, naming the file. */
export async function planMachine(parts: {
  readonly home: string;
  readonly repository: string;
  readonly hardware: Hardware;
  readonly settings: SizingSettings;
}): Promise<MachinePlan> {
  const { home, repository, hardware, settings } = parts;
  const manifest = await loadManifest(repository);
  const calibration = await readCalibration(home);
  const installedModels = await listInstalledModels(home, manifest.models);
  const modelsDigest = digestOf(installedModels.toSorted());
  const wishes = {
    commercialOnly: settings.MODELS_COMMERCIAL_ONLY === '1',
    contextTokens: settings.LANGUAGE_MODEL_CONTEXT_TOKENS,
    installedModels,
  };
  const measured = calibration?.modelsDigest === modelsDigest ? calibration : null;
  const plan = planSizing({ hardware, manifest, wishes, measured });
  return {
    hardware,
    plan: calibration && !measured ? { ...plan, warnings: [...plan.warnings, measuredWithOthers(calibration)] } : plan,
    possible: planSizing({ hardware, manifest, wishes: { ...wishes, installedModels: null }, measured: null }),
    calibration,
    modelsDigest,
  };
}

function measuredWithOthers({ at }: Calibration): string {
  return `the measurement of ${at} was made with other models and is not used. Fix: provision.sh calibrate`;
}
