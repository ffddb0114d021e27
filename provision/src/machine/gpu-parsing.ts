/** What nvidia-smi says, read strictly: a board is believed only when its whole line makes sense. Pure. */
import { z } from 'zod';
import type { Gpu, GpuInstance } from './hardware.ts';

const MEBIBYTE = 1_048_576;
/** A slice's profile names decimal gigabytes, and a little less than the slice really has (3g.40gb of an A100: 40,192 MiB). */
const GIGABYTE = 1_000_000_000;

/** Fields asked of nvidia-smi, in order. No index: it changes when a board drops out. */
export const GPU_FIELDS = [
  'uuid',
  'name',
  'memory.total',
  'memory.free',
  'driver_version',
  'compute_cap',
  'mig.mode.current',
  'pci.bus_id',
  'ecc.errors.uncorrected.volatile.total',
] as const;

const notSaid = z.string().regex(/^\[(N\/A|Not Supported|Unknown Error)\]$/);
const figure = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number);
const orNull = <T>(schema: z.ZodType<T, string>) => z.union([schema, notSaid.transform(() => null)]);
const lineSchema = z.tuple([
  z.string().regex(/^GPU-[0-9a-f-]{8,}$/i),
  z.string().min(1),
  figure,
  orNull(figure),
  z.string().regex(/^\d+\.\d+(\.\d+)?$/),
  orNull(figure),
  z.union([z.enum(['Enabled', 'Disabled']), notSaid]),
  z.string(),
  orNull(figure),
]);

export type ParsedBoards =
  | { readonly kind: 'boards'; readonly gpus: readonly Gpu[] }
  /** A line that cannot be believed, and why. */
  | { readonly kind: 'unreadable'; readonly line: string; readonly why: string };

/** Reads the answer to the query for `GPU_FIELDS` in csv without header and units. */
export function parseBoards(text: string): ParsedBoards {
  const gpus: Gpu[] = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const parsed = lineSchema.safeParse(line.split(',').map((field) => field.trim()));
    if (!parsed.success) return { kind: 'unreadable', line: line.trim().slice(0, 160), why: describeFault(parsed.error) };
    const [uuid, name, totalMib, freeMib, driverVersion, computeCapability, migMode, , eccErrors] = parsed.data;
    const mig = migMode === 'Enabled' ? 'enabled' : migMode === 'Disabled' ? 'disabled' : 'unsupported';
    // Of a board that is cut up only the slices count; of a whole one nothing can be planned without its free memory.
    if (freeMib === null && mig !== 'enabled') return { kind: 'unreadable', line: line.trim(), why: 'memory.free is not said' };
    const memoryFreeBytes = (freeMib ?? 0) * MEBIBYTE;
    gpus.push({
      uuid,
      name,
      memoryTotalBytes: totalMib * MEBIBYTE,
      memoryFreeBytes,
      driverVersion,
      computeCapability,
      mig,
      instances: [],
      eccErrors,
    });
  }
  return { kind: 'boards', gpus };
}

function describeFault(error: z.ZodError): string {
  const first = error.issues[0];
  const field = GPU_FIELDS[Number(first?.path[0] ?? -1)];
  return field === undefined ? `not ${GPU_FIELDS.length} fields with commas between them` : `${field} makes no sense`;
}

/** Slices by the board's UUID, from `nvidia-smi -L`. */
export function parseInstances(text: string): ReadonlyMap<string, readonly GpuInstance[]> {
  const instances = new Map<string, GpuInstance[]>();
  let board: GpuInstance[] = [];
  for (const line of text.split('\n')) {
    const uuid = /^GPU \d+: .*\(UUID: (GPU-[0-9a-f-]+)\)/i.exec(line)?.[1];
    if (uuid !== undefined) instances.set(uuid, (board = []));
    const slice = /^\s+MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-[^)]+)\)/.exec(line);
    const gigabytes = /(\d+)gb/.exec(slice?.[1] ?? '')?.[1];
    if (slice?.[1] !== undefined && slice[2] !== undefined && gigabytes !== undefined)
      board.push({ uuid: slice[2], profile: slice[1], memoryBytes: Number(gigabytes) * GIGABYTE });
  }
  return instances;
}
