/** The boards that models run on, from the driver to a container. */
import { toGib } from '#gibibytes.ts';
import { driverOf, judgeDriver, NEWER_DRIVER } from '#machine/gpu-driver.ts';
import type { Gpu } from '#machine/hardware.ts';
import { OLDEST_CAPABILITY } from '#sizing/boards.ts';
import { fail, pass, warn } from './check.ts';
import type { CheckGroup, Finding } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

const NO_BOARD = 'no board, nothing to check';

/** A driver on which no image of the models starts; null where it is new enough. */
export function findDriverFault(
  gpus: readonly Pick<Gpu, 'driverVersion' | 'name' | 'computeCapability'>[],
): { readonly reason: string; readonly fix: string } | null {
  const usable = gpus.filter(isServed);
  if (usable.length === 0 || judgeDriver(usable) !== 'too_old') return null;
  return { reason: `driver ${driverOf(gpus)} is too old for CUDA 13, which the images of the models are built on`, fix: NEWER_DRIVER };
}

/** A board that is too old for the images needs no other driver: nothing runs on it. */
function isServed({ computeCapability }: Pick<Gpu, 'computeCapability'>): boolean {
  return computeCapability === null || computeCapability >= OLDEST_CAPABILITY;
}

/** A check that has something to judge only where boards were found. */
function forBoards(judge: (gpus: readonly Gpu[], seen: MachineSeen) => Finding): (seen: MachineSeen) => Finding {
  return (seen) => (seen.hardware.gpu.kind === 'found' ? judge(seen.hardware.gpu.gpus, seen) : pass(NO_BOARD));
}

const gib = (bytes: number): string => `${toGib(bytes, 0)} GiB`;

const driverChecks: CheckGroup<MachineSeen>['checks'] = [
  {
    name: 'boards',
    judge: ({ hardware: { gpu } }) => {
      if (gpu.kind === 'broken') return fail(gpu.reason, gpu.fix);
      if (gpu.kind === 'found')
        return pass(
          gpu.gpus
            .map(({ name, memoryTotalBytes, memoryFreeBytes }) => `${name} ${gib(memoryTotalBytes)}, ${gib(memoryFreeBytes)} free`)
            .join('; '),
        );
      if (gpu.others.length > 0)
        return warn(
          `no NVIDIA board; ${gpu.others.join(', ')} cannot run the models of this release`,
          'add an NVIDIA board, or go on with the processor',
        );
      return pass('none: models run on the processor');
    },
  },
  {
    name: 'driver',
    judge: forBoards((gpus) => {
      const fault = findDriverFault(gpus);
      if (fault) return fail(fault.reason, fault.fix);
      const version = driverOf(gpus);
      return judgeDriver(gpus) === 'fit' || !gpus.some(isServed)
        ? pass(version)
        : warn(`driver ${version}: the images' CUDA 13 runs by their package of compatibility, on data-centre boards alone`, NEWER_DRIVER);
    }),
  },
  {
    name: 'compute capability',
    judge: forBoards((gpus) => {
      const [lowest] = gpus
        .flatMap(({ name, computeCapability }) => (computeCapability === null ? [] : [{ name, computeCapability }]))
        .toSorted((one, other) => one.computeCapability - other.computeCapability);
      // The sizing believes a driver that does not say.
      if (!lowest) return pass('not told by the driver');
      const said = `${lowest.name} ${lowest.computeCapability}`;
      return lowest.computeCapability < OLDEST_CAPABILITY
        ? fail(`${said}: the images of the models need ${OLDEST_CAPABILITY} (Turing)`, 'use a newer board, or the processor')
        : pass(said);
    }),
  },
  {
    name: 'slices (MIG)',
    judge: forBoards((gpus) => {
      const bare = gpus.find(({ mig, instances }) => mig === 'enabled' && instances.length === 0);
      if (bare)
        return fail(
          `${bare.name} is to be cut up and has no slice: nothing can run on it`,
          `nvidia-smi mig -i ${bare.uuid} -cgi 3g.40gb,3g.40gb -C, or nvidia-smi -i ${bare.uuid} -mig 0`,
        );
      const slices = gpus.flatMap(({ instances }) => instances.map(({ profile }) => profile));
      return pass(slices.length === 0 ? 'not used' : slices.join(', '));
    }),
  },
];

const boardChecks: CheckGroup<MachineSeen>['checks'] = [
  {
    name: 'memory errors',
    judge: forBoards((gpus) => {
      const bad = gpus.find(({ eccErrors }) => (eccErrors ?? 0) > 0);
      if (bad)
        return warn(
          `${bad.name} has ${bad.eccErrors} uncorrected memory errors`,
          `nvidia-smi -i ${bad.uuid} --gpu-reset; if they come back, replace the board`,
        );
      return pass(gpus.every(({ eccErrors }) => eccErrors === null) ? 'the board does not count them' : 'none');
    }),
  },
  {
    name: "driver's complaints (Xid)",
    judge: forBoards((_gpus, { host: { xids } }) => {
      if (xids.kind === 'unknown') return warn(xids.reason, xids.fix ?? 'run it as root');
      if (xids.value.length === 0) return pass('none since the start');
      return warn(
        `Xid ${xids.value.join(', ')} since the start`,
        "dmesg | grep Xid; 79 is power or seating, 48 and 63 are memory, 31 and 43 a program's fault",
      );
    }),
  },
  {
    name: 'power limit',
    judge: forBoards((_gpus, { host: { boards } }) => {
      const capped = boards.find(
        ({ powerLimitW, powerDefaultW }) => powerLimitW !== null && powerDefaultW !== null && powerLimitW < powerDefaultW * 0.9,
      );
      if (capped)
        return warn(
          `${capped.powerLimitW} W of ${capped.powerDefaultW} W: models are slower than measured elsewhere`,
          `nvidia-smi -i ${capped.uuid} -pl ${capped.powerDefaultW}`,
        );
      return pass('as the maker set it');
    }),
  },
  {
    name: 'persistence mode',
    judge: forBoards((_gpus, { host: { boards } }) =>
      boards.some(({ isPersistent }) => isPersistent === false)
        ? warn(
            'off: the driver is loaded anew for each first use, which takes seconds',
            'systemctl enable --now nvidia-persistenced, or nvidia-smi -pm 1',
          )
        : pass('on, or not told'),
    ),
  },
];

const containerChecks: CheckGroup<MachineSeen>['checks'] = [
  {
    name: 'container toolkit',
    judge: forBoards((_gpus, { hardware }) => {
      if (hardware.nvidiaToolkitVersion !== null) return pass(hardware.nvidiaToolkitVersion);
      if (hardware.engine.kind === 'known' && hardware.engine.value === null) return pass('no container engine to use it');
      return fail(
        "NVIDIA's container toolkit is missing: no container sees the board",
        'apt-get install nvidia-container-toolkit, then nvidia-ctk runtime configure --runtime=docker && systemctl restart docker',
      );
    }),
  },
  {
    name: 'container runtime',
    judge: forBoards((_gpus, { hardware: { engine } }) => {
      if (engine.kind === 'unknown' || engine.value === null) return pass('no container engine that answers');
      if (engine.value.name === 'podman') return pass('podman: by CDI');
      if (engine.value.hasNvidiaRuntime) return pass('registered');
      return fail('docker does not know the runtime nvidia', 'nvidia-ctk runtime configure --runtime=docker && systemctl restart docker');
    }),
  },
  {
    name: 'board in a container',
    judge: forBoards((_gpus, { hardware: { engine } }) => {
      if (engine.kind === 'unknown' || engine.value === null) return pass('no container engine that answers');
      const { gpuInContainer } = engine.value;
      if (gpuInContainer.kind === 'unknown') return pass(`not tried: ${gpuInContainer.reason}`);
      if (gpuInContainer.value) return pass('seen from inside');
      return fail(
        'a container started with --gpus all sees no board',
        'docker run --rm --gpus all IMAGE nvidia-smi shows why; then nvidia-ctk runtime configure --runtime=docker && systemctl restart docker',
      );
    }),
  },
];

export const gpuChecks: CheckGroup<MachineSeen> = { name: 'boards', checks: [...driverChecks, ...boardChecks, ...containerChecks] };
