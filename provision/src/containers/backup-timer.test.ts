// The hour of the daily backup in containers: asked of the machine's systemd where there is one, once, and taken back when nobody wants it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTimerChanges, readBackupUnits, renderBackupUnits } from './backup-timer.ts';

const wish = { home: '/srv/home', backupAt: '03:30' };
const systemd = { ...wish, hasSystemd: true };

describe('the timer of the daily backup', () => {
  it('runs the release that is current at the hour of the settings, and again where another run was at work', () => {
    const text = renderBackupUnits(wish)
      .map((unit) => unit.text)
      .join('');
    expect(text).toContain('ExecStart=/srv/home/current/provision.sh --backup --scheduled\n');
    expect(text).toContain('Environment=CENTRALITA_HOME=/srv/home\n');
    expect(text).toContain('OnCalendar=*-*-* 03:30:00 UTC\n');
    expect(text).toContain('Restart=on-failure\n');
  });

  it('is written once, and again for another hour', () => {
    const units = renderBackupUnits(wish);
    expect(listTimerChanges([], systemd)).toEqual(['write centralita-backup.timer and start it']);
    expect(listTimerChanges(units, systemd)).toEqual([]);
    expect(listTimerChanges(units, { ...systemd, backupAt: '04:00' })).toHaveLength(1);
  });

  it('is taken away when no hour is set, and never asked for without systemd', () => {
    expect(listTimerChanges(renderBackupUnits(wish), { ...systemd, backupAt: '' })).toEqual([
      'take centralita-backup.timer away: BACKUP_AT is empty',
    ]);
    expect(listTimerChanges([], { ...systemd, backupAt: '' })).toEqual([]);
    expect(listTimerChanges([], { ...wish, hasSystemd: false })).toEqual([]);
  });

  it('is seen where it lies', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'centralita-units-'));
    try {
      expect(await readBackupUnits(folder)).toEqual([]);
      for (const { path, text } of renderBackupUnits(wish)) await writeFile(join(folder, path), text);
      expect(await readBackupUnits(folder)).toEqual(renderBackupUnits(wish));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
