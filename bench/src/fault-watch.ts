/** What can be seen from outside while a fault lasts: series that move, and lines that name a cause. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withSlowObservations } from './fault-calm.ts';
import type { Trial } from './fault-trial.ts';
import type { FaultWorld } from './fault-world.ts';

/** Looking since the beginning of a trial. Disposing ends it. */
export type FaultWatch = AsyncDisposable & {
  /** Looks once more, then says how far each sample went from where it was; a new process counts from zero. */
  moved(): Promise<ReadonlyMap<string, number>>;
  /** Every line, note, turn and audit entry since the beginning. */
  lines(trial: Trial): Promise<readonly string[]>;
};

const LOOK_EVERY_MS = 400;
const LOOK_TIMEOUT_MS = 2_000;
const LOGS = ['control-plane', 'second-control-plane', 'asterisk', 'postgres'];
const MAX_LOG_BYTES = 8 * 1_048_576;

type Samples = { readonly startedAt: number; readonly values: ReadonlyMap<string, number> };

export async function openFaultWatch(world: FaultWorld): Promise<FaultWatch> {
  const first = await samplesOf(world.url);
  const moved = new Map<string, number>();
  let base = { startedAt: first?.startedAt ?? 0, values: first?.values ?? new Map<string, number>() };
  const seen = (sample: string, by: number): void => void moved.set(sample, Math.max(moved.get(sample) ?? 0, by));
  const look = async (): Promise<void> => {
    const now = await samplesOf(world.url);
    if (now === null) return;
    if (base.startedAt !== now.startedAt) base = { startedAt: now.startedAt, values: new Map() };
    for (const [sample, value] of now.values) seen(sample, Math.abs(value - (base.values.get(sample) ?? 0)));
    for (const [sample, value] of base.values) if (!now.values.has(sample)) seen(sample, Math.abs(value));
  };
  let looking: Promise<void> | null = null;
  const timer = setInterval(() => void (looking ??= look().finally(() => (looking = null))), LOOK_EVERY_MS);
  const offsets = new Map(await Promise.all(LOGS.map(async (name) => [name, await sizeOf(logFile(world, name))] as const)));
  return {
    async moved() {
      await looking;
      await look();
      return moved;
    },
    async lines(trial) {
      const logged: string[] = [];
      for (const [name, offset] of offsets) logged.push(...(await readFrom(logFile(world, name), offset)).split('\n'));
      const turns = (await trial.turns()).map(({ role, text }) => JSON.stringify({ turn: role, text }));
      const notes = (await trial.notes()).map(({ name, fields }) => JSON.stringify({ note: name, ...fields }));
      const { body } = await world.asAdmin('/admin/audit?limit=50');
      const entries = (body['entries'] ?? []) as { at?: string }[];
      const audited = entries
        .filter(({ at }) => at === undefined || Date.parse(at) >= trial.since.getTime())
        .map((entry) => JSON.stringify(entry));
      return [...logged, ...trial.printed(), ...notes, ...turns, ...audited];
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

function logFile(world: FaultWorld, name: string): string {
  return join(world.rig.instance.dir, 'logs', `${name}.log`);
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function readFrom(path: string, offset: number): Promise<string> {
  const length = Math.min(MAX_LOG_BYTES, Math.max(0, (await sizeOf(path)) - offset));
  if (length === 0) return '';
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: offset });
  return buffer.toString('utf8', 0, bytesRead);
}

/** Null while the process does not answer. */
export async function samplesOf(url: string): Promise<Samples | null> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    const values = new Map<string, number>();
    for (const line of (await response.text()).split('\n')) {
      const split = line.lastIndexOf(' ');
      if (!line.startsWith('#') && split > 0) values.set(line.slice(0, split), Number(line.slice(split + 1)));
    }
    return { startedAt: values.get('process_start_time_seconds') ?? 0, values: withSlowObservations(values) };
  } catch {
    return null;
  }
}
