/** What this machine is, in a file that the control plane reads and tells the registry of servers: what stays, and nothing that changes by itself. */
import type { RenderedFile } from './asterisk-configuration.ts';
import type { Hardware } from '#machine/hardware.ts';

/** Name of the file, beside those of the secrets. */
export const SERVER_DESCRIPTION_FILE = 'server-description.json';

/** Renders it. No free memory and no free disk: a second run must find nothing to change. */
export function renderServerDescription({ system, cpu, memory, disk, gpu }: Hardware): RenderedFile {
  const { model, architecture, cores, avx2, avx512 } = cpu;
  const description = {
    system: { id: system.id, version: system.version, virtualization: system.virtualization },
    cpu: { model, architecture, cores, avx2, avx512 },
    memoryBytes: memory.totalBytes,
    disk: { fileSystem: disk.fileSystem, totalBytes: disk.totalBytes },
    gpus:
      gpu.kind === 'found'
        ? gpu.gpus.map(({ name, memoryTotalBytes, driverVersion, computeCapability }) => ({
            name,
            memoryBytes: memoryTotalBytes,
            driverVersion,
            computeCapability,
          }))
        : [],
  };
  return { path: SERVER_DESCRIPTION_FILE, text: `${JSON.stringify(description, null, 2)}\n` };
}
