// Which drivers the images of the models start on: CUDA 13's first, and older ones only where NVIDIA's package of compatibility works.
import { expect, it } from 'vitest';
import { judgeDriver } from './gpu-driver.ts';

const judge = (driverVersion: string, ...names: readonly string[]) => judgeDriver(names.map((name) => ({ name, driverVersion })));

it.each(['580.65.06', '590.44', '610.43.02'])('driver %s is new enough on every board', (version) => {
  expect(judge(version, 'NVIDIA GeForce RTX 4090')).toBe('fit');
  expect(judge(version, 'Tesla T4')).toBe('fit');
});

it.each(['535.183.01', '550.163.01', '570.86.15'])('driver %s will do on boards of data centres alone', (version) => {
  for (const name of ['NVIDIA L4', 'Tesla T4', 'NVIDIA A100-SXM4-80GB', 'NVIDIA H100 80GB HBM3', 'NVIDIA L40S', 'NVIDIA A10G'])
    expect([name, judge(version, name)]).toEqual([name, 'compatible']);
  for (const name of ['NVIDIA GeForce RTX 4090', 'NVIDIA RTX A6000', 'NVIDIA RTX 6000 Ada Generation', 'NVIDIA GeForce GTX 1080 Ti'])
    expect([name, judge(version, name)]).toEqual([name, 'too_old']);
});

it('one board of another kind beside it is enough for the driver to be too old', () => {
  expect(judge('550.163.01', 'NVIDIA L4', 'NVIDIA GeForce RTX 4090')).toBe('too_old');
});

it.each(['525.147.05', '535.54.03', '545.23', '555.42', '470.82.01', ''])('driver %j is of no use', (version) => {
  expect(judge(version, 'Tesla T4')).toBe('too_old');
});
