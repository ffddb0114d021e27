/**
 * What of the state somebody must hear of, as series in Prometheus' text form: the machine's exporter reads them from a file, since nothing that runs all
 * the time may read the state itself.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './rendered-files.ts';

/** What of the state is told. */
export type ToldState = {
  readonly backup?: { readonly at: string; readonly bytes: number } | undefined;
  readonly restoreRehearsal?: { readonly at: string; readonly ok: boolean } | undefined;
};

/** Folder of the series below the home, readable by everybody: no secret is in it. */
export function seriesFolder(home: string): string {
  return join(home, 'metrics');
}

const SERIES_FILE = 'centralita.prom';

/** Writes them anew. */
export async function writeStateSeries(home: string, state: ToldState): Promise<void> {
  const folder = seriesFolder(home);
  await mkdir(folder, { recursive: true });
  // Whatever mask the run has: the exporter is another user.
  await chmod(folder, 0o755);
  await replaceFile(join(folder, SERIES_FILE), renderStateSeries(state), { mode: 0o644 });
}

/** The text of the file. What has never been is left out: an alert asks for its absence. */
export function renderStateSeries({ backup, restoreRehearsal }: ToldState): string {
  const gauge = (name: string, help: string, value: number): string => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
  return [
    ...(backup
      ? [
          gauge('centralita_backup_last_success_timestamp_seconds', 'When the last backup was made', secondsOf(backup.at)),
          gauge('centralita_backup_bytes', 'Size of the last backup', backup.bytes),
        ]
      : []),
    ...(restoreRehearsal
      ? [
          gauge(
            'centralita_restore_rehearsal_timestamp_seconds',
            'When a backup was last restored to try it',
            secondsOf(restoreRehearsal.at),
          ),
          gauge(
            'centralita_restore_rehearsal_ok',
            '1 when what came back was what was saved, 0 when it was not',
            restoreRehearsal.ok ? 1 : 0,
          ),
        ]
      : []),
  ].join('');
}

function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1_000);
}
