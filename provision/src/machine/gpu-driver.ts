/** Whether the images of the models start on a board's driver. They are Triton 26.07, which is built on CUDA 13.3 (docker-compose.yml). Pure. */
import { isAtLeast } from '#version.ts';
import type { Gpu } from './hardware.ts';

/** CUDA 13's first driver: NVIDIA promises that what is built on any CUDA 13 runs on it. 13.3's own is 610.43, and what only that one can is not used. */
export const DRIVER_WANTED = '580';
/**
 * Older branches with which the image's own compatibility package works, on data-centre boards alone, and the first driver of each (NVIDIA's notes on
 * its images with CUDA 13). Branches that NVIDIA keeps no longer are left out.
 */
const COMPATIBLE_BRANCHES = ['535.86', '550', '570'];
const DATA_CENTRE = /\b(Tesla|T4|A2|A10G?|A16|A30|A40|A100|A800|L4|L20|L40S?|H20|H100|H200|H800|GH200|B[123]00|GB[23]00)\b/;
const OTHER_FAMILIES = /GeForce|RTX|GTX|Quadro|TITAN/i;

export const NEWER_DRIVER = `install driver ${DRIVER_WANTED} or newer (Debian's own is older: cuda-drivers from NVIDIA's repository), then reboot`;

/** `compatible`: on these boards, by the package that the image brings. */
export type DriverFitness = 'fit' | 'compatible' | 'too_old';

/** All boards of a machine have one driver. */
export function driverOf(gpus: readonly Pick<Gpu, 'driverVersion'>[]): string {
  return gpus[0]?.driverVersion ?? '0';
}

export function judgeDriver(gpus: readonly Pick<Gpu, 'driverVersion' | 'name'>[]): DriverFitness {
  const version = driverOf(gpus);
  if (isAtLeast(version, DRIVER_WANTED)) return 'fit';
  const [branch] = version.split('.');
  const isServed = COMPATIBLE_BRANCHES.some((first) => first.split('.')[0] === branch && isAtLeast(version, first));
  const areForIt = gpus.every(({ name }) => DATA_CENTRE.test(name) && !OTHER_FAMILIES.test(name));
  return isServed && areForIt ? 'compatible' : 'too_old';
}
