// What a machine is asked to carry: never more than its boards hold, never fewer calls with more memory, and always with the sum that says why.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumBoardUse } from '#machine/board-use.ts';
import type { Hardware } from '#machine/hardware.ts';
import { readManifest } from '#models/manifest.ts';
import { digestHardware } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { DEFAULT_WISHES, planSizing } from './plan-sizing.ts';
import type { SizingWishes } from './plan-sizing.ts';
import { sampleGpu, sampleHardware } from './sample-hardware.ts';
import type { SampleParts } from './sample-hardware.ts';
import { GIBIBYTE } from './sizing-figures.ts';
import type { SizingPlan } from './sizing-plan.ts';

const manifest = readManifest(await readFile(new URL('../../models.json', import.meta.url), 'utf8'));
const planFor = (hardware: Hardware, wishes: Partial<SizingWishes> = {}, measured: Calibration | null = null): SizingPlan =>
  planSizing({ hardware, manifest, wishes: { ...DEFAULT_WISHES, ...wishes }, measured });
const plan = (parts: SampleParts, wishes: Partial<SizingWishes> = {}): SizingPlan => planFor(sampleHardware(parts), wishes);
const model = ({ models }: SizingPlan, role: string) => models.find((one) => one.role === role);

describe('the profiles', () => {
  it.each([
    { name: 'RTX 3060', gib: 12, profile: 's', from: 2, to: 4 },
    { name: 'Tesla T4', gib: 15, profile: 'm', from: 4, to: 6 },
    { name: 'NVIDIA L4', gib: 22.5, profile: 'l', from: 8, to: 12 },
    { name: 'NVIDIA GeForce RTX 4090', gib: 24, profile: 'l', from: 8, to: 12 },
    { name: 'NVIDIA L40S', gib: 45, profile: 'xl', from: 20, to: 30 },
    { name: 'NVIDIA H100', gib: 79.6, profile: 'xxl', from: 30, to: 60 },
  ])('$name of $gib GiB is $profile: from $from to $to calls before it has measured itself', ({ name, gib, profile, from, to }) => {
    const found = plan({ gpus: [sampleGpu(name, gib, { computeCapability: name === 'Tesla T4' ? 7.5 : 8.9 })] });
    expect(found.profile).toBe(profile);
    expect(found.maxConcurrentCalls).toBeGreaterThanOrEqual(from);
    expect(found.maxConcurrentCalls).toBeLessThanOrEqual(to);
    expect(found.models.map(({ role }) => role)).toEqual(['speech_to_text', 'text_to_speech', 'language_model', 'embedding']);
  });

  it('two boards of 48 GB carry more than one of them: speech binds, at the real-time factor that was published', () => {
    const gpus = ['a', 'b'].map((end) => sampleGpu('NVIDIA L40S', 45, { uuid: `GPU-${end}` }));
    const found = plan({ gpus, cores: 32 });
    expect(found.maxConcurrentCalls).toBeGreaterThan(plan({ gpus: gpus.slice(1), cores: 32 }).maxConcurrentCalls);
    expect(found).toMatchObject({ binding: 'tts', maxConcurrentCalls: 33 });
  });

  it('a machine with cores and no board runs small models for one or two calls, threads fewer than its cores', () => {
    const found = plan({ cores: 8 });
    expect(found.profile).toBe('cpu');
    expect([1, 2]).toContain(found.maxConcurrentCalls);
    const threads = found.models.filter(({ role }) => role !== 'embedding').map(({ settings }) => Number(settings['threads']));
    expect(threads.reduce((sum, one) => sum + one, 0)).toBeLessThan(8);
  });

  it('a machine whose board and memory carry speech alone, but whose processor carries all three, runs them there', () => {
    const gpus = [sampleGpu('NVIDIA L4', 7.3)];
    const found = plan({ gpus, cores: 11, memoryGib: 8.2 });
    expect(found.profile).toBe('cpu');
    expect(model(found, 'language_model')).toBeDefined();
    expect(plan({ gpus, cores: 11, memoryGib: 32 })).toMatchObject({ profile: 'speech' });
    expect(plan({ gpus, cores: 4, memoryGib: 8.2 })).toMatchObject({ profile: 'speech' });
  });

  it('a small machine speaks with espeak-ng, 25 calls a core, and never more than its memory bears', () => {
    expect(plan({ cores: 2, memoryGib: 24 })).toMatchObject({ profile: 'espeak', maxConcurrentCalls: 50, binding: 'cpu' });
    expect(plan({ cores: 4, memoryGib: 4 })).toMatchObject({ maxConcurrentCalls: 42, binding: 'memory' });
  });

  it('plans by what is on the machine where that is asked', () => {
    const gpus = [sampleGpu('NVIDIA L4', 22.5)];
    expect(plan({ gpus, cores: 16 }, { installedModels: [] })).toMatchObject({ profile: 'espeak', models: [] });
    const speech = plan({ gpus }, { installedModels: ['whisper-large-v3-turbo', 'kokoro-82m'] });
    expect(speech).toMatchObject({ profile: 'speech' });
    expect(speech.models.map(({ name }) => name)).toEqual(['whisper-large-v3-turbo', 'kokoro-82m']);
  });
});

describe('what boards can be used', () => {
  it('places one model on each instance of a cut board and none on the board', () => {
    const instances = [1, 2, 3].map((index) => ({ uuid: `MIG-${index}`, profile: '2g.20gb', memoryBytes: 19.5 * GIBIBYTE }));
    const found = plan({ gpus: [sampleGpu('NVIDIA A100', 79, { mig: 'enabled', instances, computeCapability: 8 })] });
    const places = found.models.filter(({ gpuUuid }) => gpuUuid !== null).map(({ gpuUuid }) => gpuUuid);
    expect(new Set(places).size).toBe(3);
    expect(places.every((uuid) => uuid?.startsWith('MIG-'))).toBe(true);
  });

  it('says how to cut a board that is ready to be cut and has no instances', () => {
    const found = plan({ gpus: [sampleGpu('NVIDIA A100', 79, { mig: 'enabled' })] });
    expect(found.models.some(({ gpuUuid }) => gpuUuid !== null)).toBe(false);
    expect(found.warnings.join()).toContain('nvidia-smi mig');
  });

  it('counts only what is free of a board', () => {
    const used = sampleGpu('NVIDIA L40S', 45, { memoryFreeBytes: 15.5 * GIBIBYTE });
    const found = plan({ gpus: [used] });
    expect(found.profile).toBe('m');
    expect(found.warnings.join()).toContain('held by others');
  });

  it('uses no board that is too old, of another make, or broken, and says why', () => {
    expect(plan({ gpus: [sampleGpu('GTX 1080', 8, { computeCapability: 6.1 })] }).warnings.join()).toContain('compute capability');
    const hardware = sampleHardware();
    const amd = planFor({ ...hardware, gpu: { kind: 'absent', others: ['AMD Radeon PRO W7900'] } });
    expect(amd.warnings.join()).toContain('only NVIDIA');
    const broken = planFor({ ...hardware, gpu: { kind: 'broken', reason: 'driver/library mismatch', fix: 'restart the machine' } });
    expect(broken.warnings.join()).toContain('restart the machine');
  });

  it('runs 8-bit weights and memory only where the board can', () => {
    const turing = plan({ gpus: [sampleGpu('Tesla T4', 15, { computeCapability: 7.5 })] });
    expect(model(turing, 'language_model')?.settings['kv_cache_dtype']).toBe('auto');
    expect(model(turing, 'language_model')?.precision).toBe('awq');
  });
});

describe('licences', () => {
  const gpus = [sampleGpu('NVIDIA L4', 22.5)];

  it('leave out F5-TTS unless no money is made with it', () => {
    const commercial = plan({ gpus });
    expect(model(commercial, 'text_to_speech')?.name).toBe('kokoro-82m');
    expect(commercial.warnings.join()).toContain('f5-tts-spanish is left out: CC-BY-NC-4.0');
    const withoutKokoro = manifest.models.map(({ name }) => name).filter((name) => name !== 'kokoro-82m');
    const other = plan({ gpus }, { commercialOnly: false, installedModels: withoutKokoro });
    expect(model(other, 'text_to_speech')).toMatchObject({ name: 'f5-tts-spanish' });
    expect([16, 32]).toContain(model(other, 'text_to_speech')?.settings['nfe_steps']);
    expect(other.warnings).toEqual([]);
  });
});

describe('what was measured', () => {
  const hardware = sampleHardware({ gpus: [sampleGpu('NVIDIA L4', 22.5)] });
  const measured: Calibration = {
    version: 1,
    at: '2026-11-20T10:00:00.000Z',
    hardwareDigest: digestHardware(hardware),
    modelsDigest: 'x',
    method: 'calls',
    speechToText: { seconds: 0.05, parallel: 4 },
    textToSpeech: { rtf: 0.02, firstAudioSeconds: 0.2 },
    languageModel: { firstTokenSeconds: 0.1, tokensPerSecond: 900 },
    coresPerCall: 0.02,
    levels: [{ calls: 23, gapP95Ms: 900, turns: 60 }],
    targetMs: 1_050,
    maxConcurrentCalls: 23,
    isLimitFound: true,
    stopped: null,
  };

  it('is what is admitted, in place of the table', () => {
    const found = planFor(hardware, {}, measured);
    expect(found).toMatchObject({ maxConcurrentCalls: 23, binding: 'measured' });
    for (const name of ['stt', 'tts', 'llm', 'cpu'])
      expect(found.terms.find((term) => term.name === name)?.arithmetic).toContain('measured');
  });

  it('is held against what the language model bears, which the calls of a calibration do not ask', () => {
    const slow = { ...measured, languageModel: { firstTokenSeconds: 0.1, tokensPerSecond: 50 } };
    const found = planFor(hardware, {}, slow);
    expect(found).toMatchObject({ maxConcurrentCalls: 4, binding: 'llm', isMeasured: true });
    expect(found.terms.find(({ name }) => name === 'llm')).toMatchObject({
      calls: 4,
      arithmetic: expect.stringContaining('50 tokens/s') as string,
    });
  });

  it('keeps the language model on a processor where it is what binds, and counts a slow one for a call', () => {
    const processor = sampleHardware({ cores: 16 });
    const of = (tokensPerSecond: number): Calibration => ({
      ...measured,
      hardwareDigest: digestHardware(processor),
      languageModel: { firstTokenSeconds: 0.5, tokensPerSecond },
      maxConcurrentCalls: 10,
    });
    for (const tokensPerSecond of [20, 5]) {
      const found = planFor(processor, {}, of(tokensPerSecond));
      expect(found).toMatchObject({ profile: 'cpu', maxConcurrentCalls: 1, binding: 'llm' });
      expect(model(found, 'language_model')).toBeDefined();
    }
  });

  it('is held against the memory of the calls on the board', () => {
    const found = planFor(hardware, { contextTokens: 32_768 }, measured);
    const vram = found.terms.find(({ name }) => name === 'vram')?.calls ?? Infinity;
    expect(vram).toBeLessThan(23);
    expect(found).toMatchObject({ maxConcurrentCalls: vram, binding: 'vram' });
  });

  it('holds while memory and disk fill up, and not on another machine', () => {
    const busy = { ...hardware, disk: { ...hardware.disk, freeBytes: 30 * GIBIBYTE } };
    expect(planFor(busy, {}, measured).maxConcurrentCalls).toBe(23);
    const other = planFor(sampleHardware({ gpus: [sampleGpu('NVIDIA L4', 22.5)], cores: 8 }), {}, measured);
    expect(other.binding).not.toBe('measured');
    expect(other.warnings.join()).toContain('provision.sh calibrate');
  });
});

const boards = fc.array(
  fc.record({
    name: fc.constantFrom('NVIDIA L4', 'NVIDIA H100', 'Tesla T4', 'NVIDIA A100', 'RTX 3060'),
    total: fc.double({ min: 2, max: 141, noNaN: true }),
    freeShare: fc.double({ min: 0, max: 1, noNaN: true }),
    capability: fc.constantFrom(null, 6.1, 7.5, 8, 8.9, 9),
    slices: fc.constantFrom(0, 0, 0, 2, 3),
  }),
  { maxLength: 3 },
);
const machines = fc.record({
  boards,
  cores: fc.integer({ min: 1, max: 128 }),
  memoryGib: fc.double({ min: 0.5, max: 512, noNaN: true }),
  diskGib: fc.double({ min: 0, max: 4_000, noNaN: true }),
  commercialOnly: fc.boolean(),
  contextTokens: fc.constantFrom(2_048, 4_096, 16_384),
});
type Machine = typeof machines extends fc.Arbitrary<infer Value> ? Value : never;

function build(machine: Machine): Hardware {
  const gpus = machine.boards.map((one, index) =>
    sampleGpu(one.name, one.total, {
      uuid: `GPU-${index}`,
      memoryFreeBytes: one.total * one.freeShare * GIBIBYTE,
      computeCapability: one.capability,
      mig: one.slices > 0 ? 'enabled' : 'unsupported',
      instances: Array.from({ length: one.slices }, (_, slice) => ({
        uuid: `MIG-${index}-${slice}`,
        profile: 'slice',
        memoryBytes: (one.total / one.slices) * GIBIBYTE,
      })),
    }),
  );
  return sampleHardware({ ...machine, gpus });
}

describe('every machine', () => {
  const wishesOf = ({ commercialOnly, contextTokens }: Machine) => ({ commercialOnly, contextTokens });

  it('gets a plan that no board is too small for, and fractions that add up to one at most', () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const hardware = build(machine);
        const found = planFor(hardware, wishesOf(machine));
        const isWithin = sumBoardUse(found, hardware.gpu).every(({ takenBytes, freeBytes }) => takenBytes <= freeBytes);
        const fractions = [...Map.groupBy(found.models, ({ gpuUuid }) => gpuUuid).values()];
        return isWithin && fractions.every((placed) => placed.reduce((sum, one) => sum + (one.memoryFraction ?? 0), 0) <= 1);
      }),
      { numRuns: 150 },
    );
  });

  it('gets one call at least, or the reason why not', () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const found = planFor(build(machine), wishesOf(machine));
        const least = Math.min(...found.terms.map(({ calls }) => calls));
        const isReasoned = /^this machine carries no call: (cpu|disk|memory) allows 0: .+ = 0$/.test(found.warnings[0] ?? '');
        const isSummed = found.terms.every(({ arithmetic, calls }) => arithmetic.endsWith(` = ${calls}`));
        return isSummed && (found.maxConcurrentCalls < 1 ? isReasoned : found.maxConcurrentCalls <= least);
      }),
      { numRuns: 150 },
    );
  });

  it('carries no fewer calls with more memory, as long as it is of the same kind', () => {
    const kindOf = ({ profile }: SizingPlan): number => ['espeak', 'cpu', 'speech'].indexOf(profile);
    fc.assert(
      fc.property(
        machines,
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (machine, factor, share) => {
          const grown = {
            ...machine,
            memoryGib: machine.memoryGib * factor,
            boards: machine.boards.map((one) => ({ ...one, freeShare: one.freeShare + (1 - one.freeShare) * share })),
          };
          const before = planFor(build(machine), wishesOf(machine));
          const after = planFor(build(grown), wishesOf(machine));
          if (kindOf(before) === kindOf(after)) return after.maxConcurrentCalls >= before.maxConcurrentCalls;
          return after.models.length >= before.models.length;
        },
      ),
      { numRuns: 150 },
    );
  });

  it('leaves out every model whose licence forbids what it is used for', () => {
    const forbidden = manifest.models.filter(({ licence }) => !licence.allowsCommercialUse).map(({ name }) => name);
    fc.assert(
      fc.property(machines, (machine) => {
        const names = planFor(build(machine), { contextTokens: machine.contextTokens }).models.map(({ name }) => name);
        return !names.some((name) => forbidden.includes(name));
      }),
      { numRuns: 60 },
    );
  });
});
