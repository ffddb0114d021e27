// `npm run proof:machines`: every recorded machine under the real probes and the real sizing; no plan may take more of a board than is free on it, and a driver that hangs costs seconds.
import { readdir, readFile } from 'node:fs/promises';
import { sumBoardUse } from '@centralita/provision/machine/board-use.ts';
import type { Gpu, Hardware } from '@centralita/provision/machine/hardware.ts';
import { sampleHardware } from '@centralita/provision/machine/sample-hardware.ts';
import { FOLDER_PREFIX, listRecordedMachines } from '@centralita/provision/machine/testing/recorded-machine.ts';
import { readProductManifest, tryMachine } from '@centralita/provision/machine/testing/recorded-outcome.ts';
import type { Outcome } from '@centralita/provision/machine/testing/recorded-outcome.ts';
import { DEFAULT_WISHES, planSizing } from '@centralita/provision/sizing/plan-sizing.ts';
import { runBench } from './harness.ts';

/** The machine whose nvidia-smi never ends. */
const HUNG_MACHINE = 'nvidia-smi-hangs';
const HUNG_PROBE = 'nvidia-smi';

await runBench({
  name: 'machines',
  defaults: { invented: 1_000 },
  reaches: {
    machines: '>= 24',
    boards: '>= 10',
    invented_machines: '>= 1000',
    plans_over_vram: '<= 0',
    hung_probe_s: '<= 8',
    hung_children: '<= 0',
  },
  standIns: [
    'machines from documented formats (provision/test/machines): their files and programs are ours, the probes that read them are the real ones',
  ],
  async run({ log, signal, options, random }) {
    const manifest = await readProductManifest();
    const machines = await listRecordedMachines();
    let [boards, plansOverVram, hungProbeMs] = [0, 0, Number.POSITIVE_INFINITY];
    for (const machine of machines) {
      signal.throwIfAborted();
      const outcome = await tryMachine(machine, manifest, signal);
      const { sizing, hardware } = outcome;
      const use = sumBoardUse(sizing, hardware.gpu);
      const over = use.filter(({ takenBytes, freeBytes }) => takenBytes > freeBytes);
      boards += use.length;
      if (over.length > 0) plansOverVram++;
      const hung = listHung(outcome);
      const late = hung.length === 0 ? '' : `; did not come back: ${hung.join(', ')}`;
      log(
        `${machine.name.padEnd(26)} ${sizing.profile.padEnd(7)} ${String(sizing.maxConcurrentCalls).padStart(3)} calls, ${(outcome.ms / 1000).toFixed(1)} s${late}`,
      );
      for (const { uuid, takenBytes, freeBytes } of over) log(`  OVER: ${uuid} takes ${takenBytes} of ${freeBytes} bytes`);
      if (machine.name !== HUNG_MACHINE) continue;
      if (!hung.includes(HUNG_PROBE))
        throw new Error(`${HUNG_MACHINE}: the report does not say that ${HUNG_PROBE} hung, only: ${hung.join(', ')}`);
      hungProbeMs = outcome.ms;
    }
    log(`${options.invented} invented machines, planned for without probes`);
    let invented = 0;
    for (; invented < options.invented; invented++) {
      const hardware = inventHardware(random);
      const sizing = planSizing({ hardware, manifest, wishes: { ...DEFAULT_WISHES, commercialOnly: random() < 0.5 }, measured: null });
      const over = sumBoardUse(sizing, hardware.gpu).filter(({ takenBytes, freeBytes }) => takenBytes > freeBytes);
      if (over.length === 0) continue;
      plansOverVram++;
      log(`  OVER: ${JSON.stringify({ over, gpu: hardware.gpu })}`);
    }
    return {
      n: machines.length + invented,
      figures: {
        machines: machines.length,
        boards,
        invented_machines: invented,
        plans_over_vram: plansOverVram,
        hung_probe_s: Number((hungProbeMs / 1000).toFixed(2)),
        hung_children: await countLeftChildren(),
      },
    };
  },
});

function listHung({ hardware, host }: Outcome): readonly string[] {
  return [...hardware.probes, ...host.probes].filter(({ isTimedOut }) => isTimedOut).map(({ name }) => name);
}

/** Up to four boards of any size, partly in use, some cut up; any processor and memory. */
function inventHardware(random: () => number): Hardware {
  const below = (limit: number): number => Math.floor(random() * limit);
  const gibibyte = 1024 ** 3;
  const gpus = Array.from({ length: below(5) }, (_, index): Gpu => {
    const memoryTotalBytes = (4 + below(140)) * gibibyte;
    const slices = random() < 0.2 ? 1 + below(7) : 0;
    return {
      uuid: `GPU-${index}`,
      name: 'invented',
      memoryTotalBytes,
      memoryFreeBytes: Math.floor(memoryTotalBytes * random()),
      driverVersion: '550.54.14',
      computeCapability: [6.1, 7, 7.5, 8, 8.6, 8.9, 9, null][below(8)] ?? null,
      mig: slices > 0 ? 'enabled' : 'disabled',
      instances: Array.from({ length: slices }, (__, slice) => ({
        uuid: `MIG-${index}-${slice}`,
        profile: 'invented',
        memoryBytes: Math.floor(memoryTotalBytes / slices),
      })),
      eccErrors: null,
    };
  });
  const sample = sampleHardware();
  return {
    ...sample,
    cpu: { ...sample.cpu, cores: 1 + below(128) },
    memory: { ...sample.memory, totalBytes: (2 + below(512)) * gibibyte },
    disk: { ...sample.disk, freeBytes: below(2_000) * gibibyte },
    gpu: gpus.length === 0 ? { kind: 'absent', others: [] } : { kind: 'found', gpus },
  };
}

/** Programs of recorded machines that still run: a probe that was given up must not leave its driver's programs behind. */
async function countLeftChildren(): Promise<number> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const environments = await Promise.all(ids.map(async (id) => await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')));
  return environments.filter((text) => text.includes(FOLDER_PREFIX)).length;
}
