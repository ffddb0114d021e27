// What keeps a first run in containers from building anything.
import { describe, expect, it } from 'vitest';
import { bareFacts } from '#sample-facts.ts';
import type { ContainerProfile } from './container-addresses.ts';
import { findContainerObstacles } from './container-obstacles.ts';

const find = (
  change: Parameters<typeof bareFacts>[0] = {},
  { profile = 'cpu', ...rest }: { up?: string; profile?: ContainerProfile } = {},
  mirrorFault: string | null = null,
) =>
  findContainerObstacles(
    { facts: bareFacts(change), profile, unmet: [], containers: { images: {}, ...rest }, services: [], missingForeign: [] },
    { mirrorFault },
  );

describe('in the way of containers', () => {
  it('is nothing on a bare machine with room', () => {
    expect(find()).toEqual([]);
  });

  it('is a port that they publish, and none of those that they keep to themselves', () => {
    const takenPorts = ['SIP_PORT=5060', 'POSTGRES_PORT=5433'];
    expect(find({ takenPorts })).toMatchObject([{ name: 'port', reason: 'port 5060 is in use by another program' }]);
    expect(find({ takenPorts }, { up: 'digest' })).toEqual([]);
  });

  it('is a mirror that does not answer, at every run that must fetch from it', () => {
    expect(find({}, {}, 'no route to host')).toMatchObject([
      { name: 'network', reason: expect.stringContaining('no route to host') as string },
    ]);
    expect(find({}, { up: 'digest' }, 'no route to host')).toHaveLength(1);
  });

  it('is a full disk, and a clock that is wrong', () => {
    const { machine, hardware } = bareFacts();
    expect(find({ machine: { ...machine, diskFreeBytes: 1024 ** 3 } }).map(({ name }) => name)).toEqual(['disk']);
    const wrong = { ...hardware, clockOffsetMs: { kind: 'known', value: 600_000 } as const };
    expect(find({ hardware: wrong }).map(({ name }) => name)).toEqual(['clock']);
  });

  it('is no driver that is broken: the processor serves the models then', () => {
    const { hardware } = bareFacts();
    expect(find({ hardware: { ...hardware, gpu: { kind: 'broken', reason: 'driver 470 is too old', fix: 'install 570' } } })).toEqual([]);
  });

  it('is a driver that is broken where the boards are to serve them, at every run', () => {
    const { hardware } = bareFacts();
    const broken = { hardware: { ...hardware, gpu: { kind: 'broken', reason: 'driver 470 is too old', fix: 'install 570' } as const } };
    const driver = { name: 'gpu', reason: 'driver 470 is too old' };
    expect(find(broken, { profile: 'gpu' })).toMatchObject([driver]);
    expect(find(broken, { profile: 'gpu', up: 'digest' })).toMatchObject([driver]);
  });

  it('is an installation without containers, and a model that they do not see', () => {
    const { services } = bareFacts();
    expect(find({ services: { ...services, postgres: 'RUNNING' } })[0]?.fix).toContain('./provision.sh stop');
    expect(find({ environmentText: 'LANGUAGE_MODEL_DIR=/opt/qwen\n' })).toMatchObject([{ name: 'models', fix: 'move it there' }]);
  });

  it('is a change of release that was cut short, also of containers that were up', () => {
    const { state } = bareFacts();
    const releaseChange = {
      kind: 'upgrade',
      phase: 'stopping',
      from: 'old',
      to: 'new',
      fromMigrations: 'a',
      changesDatabase: false,
      restorePoint: null,
      startedAt: '2026-01-01T00:00:00.000Z',
    } as const;
    expect(find({ state: { ...state, releaseChange } }, { up: 'digest' })).toMatchObject([
      { name: 'release', fix: './provision.sh --upgrade goes on with it' },
    ]);
  });
});
