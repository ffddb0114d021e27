/** How much this machine is asked to carry, and with what: the best plan that fits its boards, cores, memory and disk. Pure: the same machine, the same plan. */
import { toGib } from '#gibibytes.ts';
import type { Hardware } from '#machine/hardware.ts';
import type { Manifest, ManifestModel } from '#models/manifest.ts';
import { listBoards, profileOf } from './boards.ts';
import type { Board } from './boards.ts';
import { digestHardware } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { bestCandidate } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import { cpuText, listCpuCandidates } from './cpu-candidates.ts';
import { listGpuCandidates } from './gpu-candidates.ts';
import * as figures from './sizing-figures.ts';
import type { SizingPlan, SizingTerm } from './sizing-plan.ts';
import { bindingTerm, cpuTerm, diskTerm, espeakCpuTerm, memoryTerm, sttTerm, ttsTerm } from './terms.ts';

/** What whoever runs the machine decides. */
export type SizingWishes = {
  /** Leaves out weights whose licence forbids commercial use (`MODELS_COMMERCIAL_ONLY`). */
  readonly commercialOnly: boolean;
  /** The longest conversation of the language model, in tokens. */
  readonly contextTokens: number;
  /** Models that are on this machine; null: as if all could be fetched, which is what a machine is planned and bought by. */
  readonly installedModels: readonly string[] | null;
};

export const DEFAULT_WISHES: SizingWishes = { commercialOnly: true, contextTokens: 4_096, installedModels: null };

export type SizingParts = {
  readonly hardware: Pick<Hardware, 'cpu' | 'memory' | 'disk' | 'gpu'>;
  readonly manifest: Manifest;
  readonly wishes: SizingWishes;
  readonly measured: Calibration | null;
};

type Limit = Pick<SizingTerm, 'calls' | 'arithmetic'> & { readonly name: SizingTerm['name'] | 'measured' };
type Chosen = { readonly profile: string; readonly why: string; readonly startCalls: number | null; readonly candidate: Candidate };

/** The plan. `maxConcurrentCalls` is 0 when the machine carries no call; the first warning says why then. */
export function planSizing({ hardware, manifest, wishes, measured }: SizingParts): SizingPlan {
  const { boards, warnings: boardWarnings } = listBoards(hardware.gpu);
  const holds = measured !== null && measured.hardwareDigest === digestHardware(hardware);
  const calibration = holds ? measured : undefined;
  const { models, warnings: modelWarnings } = selectModels(manifest, wishes);
  const parts = { hardware, boards, models, wishes, measured: calibration };
  const { profile, why, startCalls, candidate } = planModels(parts) ?? planEspeak(parts);
  const binding = calibration ? measuredLimit(calibration, candidate.terms) : bindingTerm(candidate.terms);
  const isStartCap = startCalls !== null && startCalls < binding.calls;
  const maxConcurrentCalls = isStartCap ? startCalls : binding.calls;
  const stale =
    measured && !holds ? [`the measurement of ${measured.at} is of another machine and not used. Fix: provision.sh calibrate`] : [];
  const refusal =
    maxConcurrentCalls < 1 ? [`this machine carries no call: ${binding.name} allows ${binding.calls}: ${binding.arithmetic}`] : [];
  return {
    profile,
    why,
    maxConcurrentCalls,
    terms: candidate.terms,
    binding: isStartCap ? 'start_cap' : binding.name,
    isMeasured: calibration !== undefined,
    models: [...candidate.models, ...placeEmbedding(models)],
    warnings: [...refusal, ...boardWarnings, ...modelWarnings, ...stale],
  };
}

/** The calls of a calibration go to an agent that asks no language model: what that model and its memory bear is held against them. */
const NOT_IN_CALLS: ReadonlySet<string> = new Set(['llm', 'vram']);

/** The least of what calls have shown and of what no call has tried. */
function measuredLimit({ maxConcurrentCalls, at }: Calibration, terms: readonly SizingTerm[]): Limit {
  const shown: Limit = { name: 'measured', calls: maxConcurrentCalls, arithmetic: `calls of ${at}` };
  return terms.filter(({ name }) => NOT_IN_CALLS.has(name)).reduce<Limit>((least, one) => (one.calls < least.calls ? one : least), shown);
}

/** Those that licence and presence allow, and what was left out. */
function selectModels(
  manifest: Manifest,
  { commercialOnly, installedModels }: SizingWishes,
): { readonly models: readonly ManifestModel[]; readonly warnings: readonly string[] } {
  const forbidden = commercialOnly ? manifest.models.filter(({ licence }) => !licence.allowsCommercialUse) : [];
  const models = manifest.models.filter(
    (model) => !forbidden.includes(model) && (installedModels === null || installedModels.includes(model.name)),
  );
  const warnings = forbidden
    .filter(({ name }) => installedModels === null || installedModels.includes(name))
    .map(
      ({ name, licence }) =>
        `${name} is left out: ${licence.name} forbids commercial use (${licence.source}). Fix: MODELS_COMMERCIAL_ONLY=0 lets it in where no money is made with it`,
    );
  return { models, warnings };
}

type Parts = {
  readonly hardware: SizingParts['hardware'];
  readonly boards: readonly Board[];
  readonly models: readonly ManifestModel[];
  readonly wishes: SizingWishes;
  readonly measured: Calibration | undefined;
};

/** Bytes that models not yet here will take of the disk; sizes that nobody pinned are taken from what they hold of a board. */
function modelDiskBytes(models: readonly ManifestModel[]): number {
  return models.reduce((sum, { files, precisions }) => {
    const known = files.reduce((bytes, file) => bytes + (file.bytes ?? 0), 0);
    return sum + (known > 0 ? known : (precisions[0]?.vramBytes ?? 0));
  }, 0);
}

/** On the boards where they carry calls; but an agent that understands comes first: where they carry speech alone, all three on the processor do. */
function planModels(parts: Parts): Chosen | null {
  const onBoards = planGpu(parts);
  if (onBoards && hasText(onBoards)) return onBoards;
  const onProcessor = planCpu(parts);
  return onBoards && !(onProcessor && hasText(onProcessor)) ? onBoards : onProcessor;
}

function hasText({ candidate }: Chosen): boolean {
  return candidate.models.some(({ role }) => role === 'language_model');
}

function planGpu({ hardware, boards, models, wishes, measured }: Parts): Chosen | null {
  const profiles = boards.flatMap(({ freeBytes }) => profileOf(freeBytes) ?? []);
  const { cpu, memory, disk } = hardware;
  const otherTerms = [
    cpuTerm(cpu.cores, measured),
    // The largest models of the manifest that a machine with boards may be given: at most 20 GB.
    diskTerm(disk.freeBytes, wishes.installedModels === null ? Math.min(20e9, modelDiskBytes(models)) : 0),
    memoryTerm(memory.totalBytes, figures.TRITON_MEMORY_BYTES),
  ];
  const [largest] = boards;
  if (!largest) return null;
  const shared = { boards, models, contextTokens: wishes.contextTokens, measured, otherTerms };
  const single = Math.max(0, ...profiles.map((row) => row.startCalls));
  const together = Math.floor(figures.SPLIT_SHARE * profiles.reduce((sum, row) => sum + row.startCalls, 0));
  const startCalls = measured ? null : Math.max(single, profiles.length > 1 ? together : 0, figures.CPU_START_CALLS);
  const whole = bestCandidate(listGpuCandidates({ ...shared, startCalls }, { withText: true }));
  if (whole) {
    const used = new Set(whole.models.map(({ gpuUuid }) => gpuUuid));
    const name = used.size > 1 ? 'split' : (profileOf(largest.freeBytes)?.name ?? 's');
    return {
      profile: name,
      why: `${describeBoards(boards.filter(({ uuid }) => used.has(uuid)))} carry all three models of a call`,
      startCalls,
      candidate: whole,
    };
  }
  const speech = bestCandidate(listGpuCandidates({ ...shared, startCalls }, { withText: false }));
  if (!speech) return null;
  const text = addText({ hardware, models, wishes, measured, speech });
  const rest = text ? 'small ones run on the processor' : 'so agents follow their flows';
  return {
    profile: 'speech',
    why: `${describeBoards(boards)} carry speech; no language model fits beside it, ${rest}`,
    startCalls,
    candidate: text ?? speech,
  };
}

/** A small language model on the processor beside speech on a board, where there are cores for it. */
function addText({
  hardware: { cpu, memory },
  models,
  wishes,
  measured,
  speech,
}: Omit<Parts, 'boards'> & { readonly speech: Candidate }): Candidate | null {
  const model = models.find(({ role, runsOn }) => role === 'language_model' && runsOn === 'cpu');
  if (!model || cpu.cores < figures.CPU_MODEL_CORES || !cpu.avx2) return null;
  const memoryBytes = figures.TRITON_MEMORY_BYTES + (model.precisions[0]?.memoryBytes ?? 0);
  const { term, place } = cpuText(model, { cores: cpu.cores, contextTokens: wishes.contextTokens, measured });
  const terms = [...speech.terms.filter(({ name }) => name !== 'memory'), memoryTerm(memory.totalBytes, memoryBytes), term];
  const calls = Math.min(speech.calls, ...terms.map((one) => one.calls));
  return calls < 1 ? null : { ...speech, terms, calls, models: [...speech.models, place(calls)] };
}

function describeBoards(boards: readonly Board[]): string {
  return boards.map(({ name, freeBytes }) => `${name} (${toGib(freeBytes)} GiB free)`).join(' and ');
}

function planCpu({ hardware, boards, models, wishes, measured }: Parts): Chosen | null {
  const { cpu, memory, disk } = hardware;
  if (cpu.cores < figures.CPU_MODEL_CORES || !cpu.avx2) return null;
  const memoryOf = (used: readonly ManifestModel[]): number =>
    used.reduce((sum, { precisions }) => sum + (precisions[0]?.memoryBytes ?? 0), 0);
  const startCalls = measured ? null : figures.CPU_START_CALLS;
  const candidates = [
    ...listCpuCandidates({
      cores: cpu.cores,
      models,
      contextTokens: wishes.contextTokens,
      measured,
      otherTerms: (used) => [
        cpuTerm(cpu.cores, measured),
        diskTerm(disk.freeBytes, wishes.installedModels === null ? modelDiskBytes(used) : 0),
        memoryTerm(memory.totalBytes, memoryOf(used)),
      ],
      startCalls,
    }),
  ];
  // Measured, no caution makes them equal any more: an agent that understands comes before more calls.
  const withText = measured?.languageModel
    ? candidates.filter(({ models: placed }) => placed.some(({ role }) => role === 'language_model'))
    : [];
  const candidate = bestCandidate(withText.length > 0 ? withText : candidates);
  return (
    candidate && {
      profile: 'cpu',
      why: `${withoutBoards(boards)}, ${cpu.cores} cores with AVX2: small models on the processor`,
      startCalls,
      candidate,
    }
  );
}

function withoutBoards(boards: readonly Board[]): string {
  return boards.length === 0 ? 'no usable GPU' : `no models for ${describeBoards(boards)}`;
}

/** What every machine can: the robotic voice, recognition of expected phrases, agents that follow their flows. */
function planEspeak({ hardware, boards, wishes, measured }: Parts): Chosen {
  const { cpu, memory, disk } = hardware;
  const reason =
    cpu.cores >= figures.CPU_MODEL_CORES && cpu.avx2
      ? wishes.installedModels === null
        ? 'no models fit'
        : 'no models are on this machine'
      : `${cpu.cores} cores${cpu.avx2 ? '' : ' without AVX2'} are too few for models beside calls`;
  const speech = measured
    ? [sttTerm({ seconds: 1, batch: 1, source: 'measured' }, measured), ttsTerm({ rtf: 1, source: 'measured' }, measured)]
    : [];
  const terms: SizingTerm[] = [
    ...speech,
    espeakCpuTerm(cpu.cores, measured),
    diskTerm(disk.freeBytes, 0),
    memoryTerm(memory.totalBytes, 0),
  ];
  const calls = Math.min(...terms.map((term) => term.calls));
  return {
    profile: 'espeak',
    why: `${withoutBoards(boards)}, and ${reason}: espeak-ng and phrases`,
    startCalls: null,
    candidate: { terms, calls, quality: [], models: [] },
  };
}

/** Knowledge is searched on the processor, beside calls. */
function placeEmbedding(models: readonly ManifestModel[]): SizingPlan['models'] {
  const model = models.find(({ role }) => role === 'embedding');
  if (!model) return [];
  const [precision] = model.precisions;
  return [
    {
      role: 'embedding',
      name: model.name,
      precision: precision?.name ?? 'float32',
      vramBytes: 0,
      gpuUuid: null,
      memoryFraction: null,
      settings: { engine: model.engine, threads: 1 },
    },
  ];
}
