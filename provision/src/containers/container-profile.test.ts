// Whether a board serves the models in containers: what the operator says goes before what the machine has, and two wishes that do not go together are told.
import { describe, expect, it } from 'vitest';
import { bareFacts } from '#sample-facts.ts';
import { sampleGpu, sampleHardware } from '#sizing/sample-hardware.ts';
import { chooseProfile } from './container-facts.ts';
import { lookAtContainers } from './container-look.ts';
import type { ContainerFacts } from './container-facts.ts';

const withBoard = bareFacts({ hardware: sampleHardware({ gpus: [sampleGpu('NVIDIA L4', 24)] }) });
const digest = `sha256:${'0'.repeat(64)}`;
const DIGESTS = ['TRITON_SPEECH_IMAGE', 'TRITON_LANGUAGE_DIGEST', 'DCGM_EXPORTER_DIGEST'].map((key) => `${key}=${digest}\n`).join('');
const cpuWish = { settings: { ...withBoard.settings, PROFILE: 'cpu' as const } };

describe('the profile of containers', () => {
  it('is the processor without a board, and where --profile cpu or CONTAINER_INFERENCE leaves it alone', () => {
    expect(chooseProfile(bareFacts())).toEqual({ profile: 'cpu', unmet: [] });
    expect(chooseProfile({ ...withBoard, ...cpuWish })).toEqual({ profile: 'cpu', unmet: [] });
    expect(chooseProfile({ ...withBoard, environmentText: 'CONTAINER_INFERENCE=cpu\n' })).toEqual({ profile: 'cpu', unmet: [] });
  });

  it('is the board where there is one and its images are named, and says which are not', () => {
    expect(chooseProfile({ ...withBoard, environmentText: DIGESTS })).toEqual({ profile: 'gpu', unmet: [] });
    expect(chooseProfile(withBoard)).toMatchObject({
      profile: 'gpu',
      unmet: [{ name: 'inference', fix: expect.stringContaining('--profile cpu') as string }],
    });
  });

  it('is refused where two wishes do not go together, or one is none', () => {
    expect(chooseProfile({ ...withBoard, ...cpuWish, environmentText: `${DIGESTS}CONTAINER_INFERENCE=gpu\n` }).unmet[0]?.fix).toContain(
      '--profile auto',
    );
    expect(chooseProfile({ ...withBoard, environmentText: 'CONTAINER_INFERENCE=tpu\n' }).unmet[0]?.reason).toBe(
      'CONTAINER_INFERENCE is "tpu"',
    );
  });

  it('is the processor beside a board that does not answer, which is worth a word', () => {
    const { hardware } = bareFacts();
    const facts = bareFacts({ hardware: { ...hardware, gpu: { kind: 'broken', reason: 'driver 470 is too old', fix: 'install 570' } } });
    expect(chooseProfile(facts).profile).toBe('cpu');
    const now = {
      facts,
      profile: 'cpu',
      unmet: [],
      engine: { version: '28', compose: null },
      containers: { images: {} },
      services: [],
      missingImages: [],
      missingForeign: [],
      recipes: {},
      files: new Map(),
      backupUnits: [],
      triton: null,
      appliance: null,
    };
    const look = lookAtContainers(now as unknown as ContainerFacts, { mirrorFault: null });
    expect(look.obstacles).toEqual([]);
    expect(look.warnings).toMatchObject([{ name: 'gpu', reason: 'driver 470 is too old' }]);
  });
});
