// What nvidia-smi says is believed whole or not at all.
import { describe, expect, it } from 'vitest';
import { parseBoards, parseInstances } from './gpu-parsing.ts';

const UUID = 'GPU-4b1c0001-1f2a-4c3d-9e8b-a1b2c3d40001';
const line = (fields: Partial<Record<'total' | 'free' | 'capability' | 'mig' | 'ecc' | 'uuid', string>> = {}): string =>
  [
    fields.uuid ?? UUID,
    'NVIDIA L4',
    fields.total ?? '23034',
    fields.free ?? '22565',
    '550.163.01',
    fields.capability ?? '8.9',
    fields.mig ?? '[N/A]',
    '00000000:01:00.0',
    fields.ecc ?? '[N/A]',
  ].join(', ');

describe('boards', () => {
  it('are read with their memory in bytes', () => {
    const parsed = parseBoards(`${line({ ecc: '3' })}\n`);
    expect(parsed).toMatchObject({
      kind: 'boards',
      gpus: [
        {
          uuid: UUID,
          memoryTotalBytes: 23_034 * 1_048_576,
          memoryFreeBytes: 22_565 * 1_048_576,
          computeCapability: 8.9,
          mig: 'unsupported',
          eccErrors: 3,
        },
      ],
    });
  });

  it('may leave out what the driver does not know', () => {
    expect(parseBoards(line({ capability: '[N/A]' }))).toMatchObject({ gpus: [{ computeCapability: null, eccErrors: null }] });
  });

  it('that are cut up need no free memory of their own', () => {
    expect(parseBoards(line({ mig: 'Enabled', free: '[N/A]' }))).toMatchObject({ gpus: [{ mig: 'enabled', memoryFreeBytes: 0 }] });
  });

  it.each([
    ['memory that is not said', line({ total: '[N/A]' }), 'memory.total'],
    ['free memory that is not said', line({ free: '[Unknown Error]' }), 'memory.free'],
    ['units where none were asked for', line({ total: '23034 MiB' }), 'memory.total'],
    ['no identity', line({ uuid: '[GPU is lost]' }), 'uuid'],
    ['too few fields', 'NVIDIA-SMI has failed', 'not 9 fields'],
  ])('are refused for %s', (_why, text, words) => {
    const parsed = parseBoards(`${line()}\n${text}\n`);
    expect(parsed.kind).toBe('unreadable');
    expect(parsed.kind === 'unreadable' && parsed.why).toContain(words);
  });

  it('are none in an empty answer', () => {
    expect(parseBoards('\n')).toEqual({ kind: 'boards', gpus: [] });
  });
});

describe('slices', () => {
  it('belong to the board above them', () => {
    const text = [
      `GPU 0: NVIDIA A100 (UUID: ${UUID})`,
      '  MIG 3g.40gb     Device  0: (UUID: MIG-1)',
      '  MIG 1g.10gb+me  Device  1: (UUID: MIG-GPU-x/1/0)',
      'GPU 1: NVIDIA A100 (UUID: GPU-00000000-0000-0000-0000-000000000002)',
    ].join('\n');
    const instances = parseInstances(text);
    expect(instances.get(UUID)).toEqual([
      { uuid: 'MIG-1', profile: '3g.40gb', memoryBytes: 40e9 },
      { uuid: 'MIG-GPU-x/1/0', profile: '1g.10gb+me', memoryBytes: 10e9 },
    ]);
    expect(instances.get('GPU-00000000-0000-0000-0000-000000000002')).toEqual([]);
  });
});
