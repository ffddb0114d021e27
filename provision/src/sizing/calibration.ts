/** What a machine measured of itself: `<home>/calibration.json`, and whether it still speaks of this machine. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Hardware } from '#machine/hardware.ts';
import { ObstacleError } from '#place.ts';
import { readTextIfThere } from '#text-file.ts';

const seconds = z.number().positive();

/** What the measuring program tells. */
export const measurementSchema = z.object({
  /** Real calls through Asterisk. */
  method: z.literal('calls'),
  /** One recognition, and how many run at once without waiting. */
  speechToText: z.object({ seconds, parallel: z.number().min(1) }),
  /** Synthesis over sound at the load where it is least, and the wait of one request alone. */
  textToSpeech: z.object({ rtf: seconds, firstAudioSeconds: seconds }),
  /** Null: no language model is configured. */
  languageModel: z.object({ firstTokenSeconds: seconds, tokensPerSecond: z.number().positive() }).nullable(),
  /** Cores that one call took, of the whole machine; null: not told apart from what else ran. */
  coresPerCall: z.number().min(0).nullable(),
  /** Each load tried, and the silence before answers under it. */
  levels: z.array(z.object({ calls: z.int().min(1), gapP95Ms: z.number().min(0), turns: z.int().min(0) })).min(1),
  /** Most calls at which the target held. */
  maxConcurrentCalls: z.int().min(1),
  /** False: the target held to the last load that was tried, so that the machine may bear more. */
  isLimitFound: z.boolean(),
  /** Why no higher load was tried; null: it was not needed. */
  stopped: z.string().nullable(),
});

const calibrationSchema = z.strictObject({
  version: z.literal(1),
  at: z.iso.datetime(),
  /** Of the machine that was measured: on another one the figures mean nothing. */
  hardwareDigest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the models that were installed. */
  modelsDigest: z.string(),
  /** Silence before an answer that 95 % of turns had to keep to. */
  targetMs: z.number().positive(),
  ...measurementSchema.shape,
});

export type Calibration = z.infer<typeof calibrationSchema>;

export function calibrationPath(home: string): string {
  return join(home, 'calibration.json');
}

/** What was measured; null when nothing was. Throws naming the file when it is damaged. */
export async function readCalibration(home: string): Promise<Calibration | null> {
  const path = calibrationPath(home);
  const text = await readTextIfThere(path);
  return text === null ? null : parseCalibration(text, path);
}

/** Checks a calibration's text. Throws naming the file and every wrong field. */
export function parseCalibration(text: string, path = 'calibration.json'): Calibration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ObstacleError(`${path} is not JSON: remove it and run "provision.sh calibrate" again`, { cause });
  }
  const parsed = calibrationSchema.safeParse(value);
  if (!parsed.success)
    throw new ObstacleError(`${path} is wrong: remove it and run "provision.sh calibrate" again\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What must be the same for a measurement to hold: processor, cores, memory, boards. Free memory and disk change by the minute and are no part of it. */
export function digestHardware({ cpu, memory, gpu }: Pick<Hardware, 'cpu' | 'memory' | 'gpu'>): string {
  const boards =
    gpu.kind === 'found' ? gpu.gpus.flatMap(({ uuid, instances }) => [uuid, ...instances.map((instance) => instance.uuid)]) : [];
  const gibibytes = Math.round(memory.totalBytes / 1024 ** 3);
  return createHash('sha256')
    .update(JSON.stringify([cpu.model, cpu.architecture, cpu.cores, gibibytes, boards.toSorted()]))
    .digest('hex');
}
