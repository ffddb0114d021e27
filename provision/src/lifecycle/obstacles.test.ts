// What keeps a run from changing anything, and what is only worth a word: each with the reason and the fix.
import { describe, expect, it } from 'vitest';
import type { Hardware } from '#machine/hardware.ts';
import { bareFacts, finishedFacts } from '#sample-facts.ts';
import { sampleGpu } from '#sizing/sample-hardware.ts';
import { listFindings } from './obstacles.ts';

const judge = (change: Parameters<typeof bareFacts>[0] = {}, rest: { mirrorFault?: string } = {}) =>
  listFindings({ facts: bareFacts(change), mirrorFault: null, ...rest });
const withHardware = (change: Partial<Hardware>) => ({ hardware: { ...bareFacts().hardware, ...change } });
const known = (value: number): Hardware['clockOffsetMs'] => ({ kind: 'known', value });

describe('the obstacles', () => {
  it('are none on a bare machine with room', () => {
    expect(judge()).toEqual({ obstacles: [], warnings: [] });
  });

  it('name the taken port and the setting that moves it', () => {
    const [obstacle] = judge({ takenPorts: ['HTTP_PORT=8080'] }).obstacles;
    expect(obstacle?.reason).toContain('port 8080');
    expect(obstacle?.fix).toContain('HTTP_PORT=');
    expect(obstacle?.fix).toContain('/srv/home/.env');
  });

  it('name a file that a setting names and nobody put there: the control plane would not start', () => {
    expect(judge({ missingFiles: ['SUPABASE_TOKEN_FILE=/nowhere/token'] }).obstacles).toEqual([
      {
        name: 'file',
        reason: 'SUPABASE_TOKEN_FILE=/nowhere/token: there is no such file',
        fix: 'put it there, or correct or empty the line in /srv/home/.env, and run again',
      },
    ]);
  });

  it('ask for disk space before the root is built, and not afterwards', () => {
    const { machine } = bareFacts();
    const full = { ...machine, diskFreeBytes: 1024 ** 3 };
    expect(judge({ machine: full }).obstacles.map(({ name }) => name)).toEqual(['disk']);
    expect(listFindings({ facts: finishedFacts({ machine: full }), mirrorFault: null }).obstacles).toEqual([]);
  });

  it('refuse a processor that the private root is not built for', () => {
    const { machine } = bareFacts();
    expect(judge({ machine: { ...machine, architecture: 'riscv64' } }).obstacles[0]?.reason).toContain('riscv64');
  });

  it('say what the mirror answers when packages must be fetched', () => {
    const [obstacle] = judge({}, { mirrorFault: 'getaddrinfo EAI_AGAIN' }).obstacles;
    expect(obstacle).toMatchObject({ name: 'network', reason: expect.stringContaining('EAI_AGAIN') });
  });

  it('are a driver that does not work, unless a profile without a GPU is asked for', () => {
    const broken = withHardware({ gpu: { kind: 'broken', reason: 'driver 470 is too old', fix: 'install driver 570' } });
    expect(judge(broken).obstacles[0]).toMatchObject({ name: 'gpu', fix: expect.stringContaining('install driver 570') });
    const without = judge({ ...broken, settings: { ...bareFacts().settings, PROFILE: 'cpu' } });
    expect(without.obstacles).toEqual([]);
    expect(without.warnings[0]?.name).toBe('gpu');
  });

  it('are a driver on which no image of the models starts, unless a profile without a GPU is asked for', () => {
    const old = withHardware({ gpu: { kind: 'found', gpus: [sampleGpu('NVIDIA L4', 24, { driverVersion: '470.82.01' })] } });
    expect(judge(old).obstacles).toEqual([
      {
        name: 'gpu',
        reason: 'driver 470.82.01 is too old for CUDA 13, which the images of the models are built on',
        fix: expect.stringMatching(/^install driver 580 or newer .+; or go without the GPU: --profile cpu$/) as string,
      },
    ]);
    expect(judge({ ...old, settings: { ...bareFacts().settings, PROFILE: 'cpu' } }).obstacles).toEqual([]);
    const withBoard = (name: string, change: { driverVersion: string; computeCapability?: number }) =>
      judge(withHardware({ gpu: { kind: 'found', gpus: [sampleGpu(name, 24, change)] } })).obstacles.map((found) => found.name);
    expect(withBoard('NVIDIA L4', { driverVersion: '550.163.01' })).toEqual([]);
    expect(withBoard('NVIDIA GeForce RTX 4090', { driverVersion: '550.163.01' })).toEqual(['gpu']);
    expect(withBoard('NVIDIA GeForce RTX 4090', { driverVersion: '580.65.06' })).toEqual([]);
    // No driver makes a board of use that CUDA 13 does not know.
    expect(withBoard('NVIDIA GeForce GTX 1080 Ti', { driverVersion: '550.163.01', computeCapability: 6.1 })).toEqual([]);
  });

  it('are a clock that is ten minutes off; a second off is worth a word, and 50 ms nothing', () => {
    expect(judge(withHardware({ clockOffsetMs: known(-600_000) })).obstacles[0]).toMatchObject({
      name: 'clock',
      reason: 'the clock is 600.0 s behind',
    });
    expect(judge(withHardware({ clockOffsetMs: known(1_000) })).warnings[0]?.reason).toBe('the clock is 1.0 s ahead');
    expect(judge(withHardware({ clockOffsetMs: known(50) }))).toEqual({ obstacles: [], warnings: [] });
  });

  it('are an upgrade that was cut short, with the command that goes on', () => {
    const releaseChange = {
      kind: 'upgrade',
      phase: 'stopping',
      from: 'a',
      to: 'b',
      fromMigrations: null,
      changesDatabase: false,
      restorePoint: null,
      startedAt: '2026-01-01T00:00:00.000Z',
    } as const;
    const { state } = bareFacts();
    expect(judge({ state: { ...state, releaseChange } }).obstacles[0]?.fix).toContain('./provision.sh --upgrade');
  });

  it('leave a word for what the sizing left out of its plan, with its fix', () => {
    const sizing = bareFacts().sizing;
    const warnings = ['the measurement of yesterday is of another machine and not used. Fix: provision.sh calibrate'];
    expect(judge({ sizing: { ...sizing, plan: { ...sizing.plan, warnings } } }).warnings).toEqual([
      { name: 'sizing', reason: 'the measurement of yesterday is of another machine and not used', fix: 'provision.sh calibrate' },
    ]);
  });

  it('leave a word for an API that is open to the network without TLS', () => {
    const { settings } = bareFacts();
    expect(judge({ settings: { ...settings, HTTP_HOST: '0.0.0.0' } }).warnings[0]?.name).toBe('http');
    expect(judge({ settings: { ...settings, HTTP_HOST: '0.0.0.0', PUBLIC_URL: 'https://centralita.example.com' } }).warnings).toEqual([]);
  });
});
