/** From a sizing plan to the folders, files and processes of Triton on this machine. Pure: the same plan, the same files. */
import type { RenderedFile } from '#asterisk-configuration.ts';
import type { Manifest } from '#models/manifest.ts';
import type { PlacedModel, SizingPlan } from '#sizing/sizing-plan.ts';
import { modelParameters, renderVllmArguments, setMaxBatch, setParameters } from './model-configuration.ts';
import type { TritonPaths } from './model-configuration.ts';
import { TRITON_ROLES } from './model-sources.ts';
import type { ModelSources, TritonRole } from './model-sources.ts';
import type { TritonKind } from './triton-command.ts';

/** One Triton process: one image, one board. */
export type TritonProcess = {
  /** `speech`, `language`, or the role where speech is spread over two boards. */
  readonly name: string;
  readonly kind: TritonKind;
  readonly roles: readonly TritonRole[];
  /**
   * Board or MIG instance, by UUID: an index is another board after the next restart. Its container is given no other; CUDA_VISIBLE_DEVICES would not
   * do, since vLLM takes what it says for numbers.
   */
  readonly gpuUuid: string;
};

export type TritonLayout = {
  /** Below the folder of all repositories: `speech/speech_to_text/config.pbtxt`. */
  readonly files: readonly RenderedFile[];
  readonly processes: readonly TritonProcess[];
};

export type TritonParts = {
  readonly plan: Pick<SizingPlan, 'models'>;
  readonly manifest: Manifest;
  readonly sources: ModelSources;
  readonly paths: TritonPaths;
  readonly allowsNonCommercial: boolean;
};

type TritonModel = PlacedModel & { readonly role: TritonRole; readonly gpuUuid: string };

/** The layout; empty when the plan puts nothing on a board. */
export function layOutTriton(parts: TritonParts): TritonLayout {
  const groups = groupByProcess(parts.plan.models.filter(isOnBoard));
  return {
    files: groups.flatMap(({ name, models }) =>
      models.flatMap((placed) => modelFiles(placed, parts).map(({ path, text }) => ({ path: `${name}/${placed.role}/${path}`, text }))),
    ),
    processes: groups.map(({ name, kind, models }) => ({ name, kind, roles: models.map(({ role }) => role), gpuUuid: models[0].gpuUuid })),
  };
}

function isOnBoard(model: PlacedModel): model is TritonModel {
  return model.gpuUuid !== null && TRITON_ROLES.some((role) => role === model.role);
}

type ProcessGroup = { readonly name: string; readonly kind: TritonKind; readonly models: readonly [TritonModel, ...TritonModel[]] };

/** A process sees one board: speech on two boards is two processes, as it must be on slices of one (CUDA gives a process one slice). */
function groupByProcess(models: readonly TritonModel[]): readonly ProcessGroup[] {
  const [text] = models.filter(({ role }) => role === 'language_model');
  const [first, ...rest] = models.filter(({ role }) => role !== 'language_model');
  const together = rest.every(({ gpuUuid }) => gpuUuid === first?.gpuUuid);
  const speech: readonly ProcessGroup[] = !first
    ? []
    : together
      ? [{ name: 'speech', kind: 'speech', models: [first, ...rest] }]
      : [first, ...rest].map((model) => ({ name: model.role.replaceAll('_', '-'), kind: 'speech', models: [model] }));
  return [...speech, ...(text ? [{ name: 'language', kind: 'language', models: [text] } as const] : [])];
}

function modelFiles(placed: TritonModel, { manifest, sources, paths, allowsNonCommercial }: TritonParts): readonly RenderedFile[] {
  const model = manifest.models.find(({ name }) => name === placed.name);
  if (!model) throw new Error(`the plan places ${placed.name}, which the manifest does not have`);
  const source = sources[placed.role];
  const parameters = modelParameters({ placed, model, paths, allowsNonCommercial });
  const configuration = setParameters(source.configuration, parameters);
  const maxBatch = parameters['max_batch'];
  return [
    { path: 'config.pbtxt', text: maxBatch === undefined ? configuration : setMaxBatch(configuration, Number(maxBatch)) },
    ...source.files.map(({ path, text }) => ({
      path: `1/${path}`,
      text: placed.role === 'language_model' && path === 'model.json' ? renderVllmArguments({ placed, paths }) : text,
    })),
  ];
}
