/** What sizing plans for boards of every size can be laid out for Triton: the two ends of one plan. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Gpu } from '#machine/hardware.ts';
import { sampleHardware } from '#machine/sample-hardware.ts';
import { readManifest } from '#models/manifest.ts';
import { DEFAULT_WISHES, planSizing } from '#sizing/plan-sizing.ts';
import { modelSettings } from './model-settings.ts';
import { readModelSources } from './model-sources.ts';
import { layOutTriton } from './triton-layout.ts';

const GIBIBYTE = 1024 ** 3;
const repository = fileURLToPath(new URL('../../..', import.meta.url));
const manifest = readManifest(await readFile(`${repository}/provision/models.json`, 'utf8'));
const sources = await readModelSources(repository);

const board = (uuid: string, gib: number, instances: Gpu['instances'] = []): Gpu => ({
  uuid,
  name: 'NVIDIA RTX 4090',
  memoryTotalBytes: gib * GIBIBYTE,
  memoryFreeBytes: (gib - 0.4) * GIBIBYTE,
  driverVersion: '610.43',
  computeCapability: 8.9,
  mig: instances.length > 0 ? 'enabled' : 'unsupported',
  instances,
  eccErrors: null,
});

function layOut(gpus: readonly Gpu[], commercialOnly: boolean, installedModels: readonly string[] | null = null) {
  const hardware = sampleHardware({
    cpu: { ...sampleHardware().cpu, cores: 16 },
    memory: { totalBytes: 64 * GIBIBYTE, availableBytes: 60 * GIBIBYTE, swapBytes: 0 },
    disk: { ...sampleHardware().disk, freeBytes: 400 * GIBIBYTE },
    gpu: { kind: 'found', gpus },
  });
  const plan = planSizing({ hardware, manifest, wishes: { ...DEFAULT_WISHES, commercialOnly, installedModels }, measured: null });
  const layout = layOutTriton({
    plan,
    manifest,
    sources,
    paths: { models: '/models', voices: '/models/voices', conversions: '/conversions' },
    allowsNonCommercial: !commercialOnly,
  });
  return { plan, layout };
}

const slices = ['MIG-1', 'MIG-2', 'MIG-3'].map((uuid) => ({ uuid, profile: '2g.20gb', memoryBytes: 20 * GIBIBYTE }));
const machines: readonly (readonly [string, readonly Gpu[]])[] = [
  ['8 GB', [board('GPU-1', 8)]],
  ['16 GB', [board('GPU-1', 16)]],
  ['24 GB', [board('GPU-1', 24)]],
  ['80 GB', [board('GPU-1', 80)]],
  ['twice 24 GB', [board('GPU-1', 24), board('GPU-2', 24)]],
  ['a board in slices', [board('GPU-1', 80, slices)]],
];

test.each(machines)('a machine with %s: each role is served once, each process by one board, none planned beyond it', (_name, gpus) => {
  for (const commercialOnly of [true, false]) {
    const { plan, layout } = layOut(gpus, commercialOnly);
    const roles = layout.processes.flatMap((process) => process.roles);
    expect(roles).toEqual(expect.arrayContaining(['speech_to_text', 'text_to_speech']));
    expect(new Set(roles).size).toBe(roles.length);
    for (const { gpuUuid, roles: served } of layout.processes) {
      const placed = plan.models.filter((model) => served.some((role) => role === model.role));
      expect(new Set(placed.map((model) => model.gpuUuid))).toEqual(new Set([gpuUuid]));
    }
    for (const uuid of new Set(layout.processes.map((process) => process.gpuUuid))) {
      const shares = plan.models.filter((model) => model.gpuUuid === uuid).map((model) => model.memoryFraction ?? 0);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThan(1);
    }
  }
});

test('the control plane is told of the language model’s folder and of what each model takes at once, and of none on the processor', () => {
  const { plan } = layOut([board('GPU-1', 24)], true);
  const settings = modelSettings(plan, '/models');
  const text = plan.models.find(({ role }) => role === 'language_model');
  expect(settings['LANGUAGE_MODEL_DIR']).toBe(`/models/${text?.name}`);
  expect(settings['LANGUAGE_MODEL_SLOTS']).toBe(String(text?.settings['max_sequences']));
  expect(Number(settings['SPEECH_TO_TEXT_SLOTS'])).toBeGreaterThan(0);
  expect(modelSettings({ models: plan.models.map((model) => ({ ...model, gpuUuid: null })) }, '/models')).toEqual({});
});

test('the voice is Kokoro, and F5-TTS where it alone is there and its licence will do', () => {
  const withoutKokoro = manifest.models.map(({ name }) => name).filter((name) => name !== 'kokoro-82m');
  const engineOf = (commercialOnly: boolean, installedModels: readonly string[] | null) => {
    const text = layOut([board('GPU-1', 24)], commercialOnly, installedModels).layout.files.find(({ path }) =>
      path.endsWith('text_to_speech/config.pbtxt'),
    )?.text;
    return /key: "engine" value: \{ string_value: "([^"]*)"/.exec(text ?? '')?.[1];
  };
  expect([engineOf(true, null), engineOf(false, withoutKokoro)]).toEqual(['kokoro', 'f5-tts']);
});
