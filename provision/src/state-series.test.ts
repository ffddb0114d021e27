// The series that the machine's exporter reads of the state.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderStateSeries, seriesFolder, writeStateSeries } from './state-series.ts';

const backup = { at: '2026-11-22T03:00:00Z', path: '/srv/backup.age', bytes: 1_200_000 };

it('tell of the last backup and of the last time that one was restored to try it, and nothing of what never was', () => {
  expect(renderStateSeries({})).toBe('');
  const lines = renderStateSeries({ backup, restoreRehearsal: { at: '2026-11-20T03:10:00Z', ok: false } }).split('\n');
  expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
    'centralita_backup_last_success_timestamp_seconds 1795316400',
    'centralita_backup_bytes 1200000',
    'centralita_restore_rehearsal_timestamp_seconds 1795144200',
    'centralita_restore_rehearsal_ok 0',
    '',
  ]);
});

it('are in the document of all series', async () => {
  const text = renderStateSeries({ backup, restoreRehearsal: { at: backup.at, ok: true } });
  const document = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const series = [...text.matchAll(/^# HELP (\S+) (.+)$/gm)];
  expect(series).toHaveLength(4);
  for (const [, name = '', help = ''] of series) expect(document).toContain(`| \`${name}\` | gauge |  | ${help} |`);
});

it('are written anew, where the exporter’s own user can read them', async () => {
  const home = await mkdtemp(join(tmpdir(), 'state-series-'));
  try {
    await writeStateSeries(home, {});
    await writeStateSeries(home, { backup });
    const path = join(seriesFolder(home), 'centralita.prom');
    expect(await readFile(path, 'utf8')).toContain('centralita_backup_last_success_timestamp_seconds 1795316400\n');
    expect([(await stat(seriesFolder(home))).mode & 0o777, (await stat(path)).mode & 0o777]).toEqual([0o755, 0o644]);
  } finally {
    await rm(home, { recursive: true });
  }
});
