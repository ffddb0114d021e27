/**
 * The daily backup of an installation in containers, as a timer of the machine's systemd. No container could make it: it takes the key, the settings and the
 * engine, and none of ours has one of them. Natively a program of the supervisor waits for the hour.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderedFile } from '#asterisk-configuration.ts';
import { runCommand, tryCommand } from '#command.ts';
import { currentLink } from '#releases/release-store.ts';
import { listDifferences, replaceFile } from '#rendered-files.ts';
import { readTextIfThere } from '#text-file.ts';

const UNITS_FOLDER = '/etc/systemd/system';
const SERVICE = 'centralita-backup.service';
const TIMER = 'centralita-backup.timer';
const SYSTEMCTL_TIMEOUT_MS = 60_000;

type TimerWish = {
  readonly home: string;
  /** Time of day (UTC) such as 03:30; empty: none is wanted. */
  readonly backupAt: string;
};

/** The units as they should be; none where no daily backup is wanted. As natively, another run at that minute is waited for: twelve times ten minutes. */
export function renderBackupUnits({ home, backupAt }: TimerWish): readonly RenderedFile[] {
  if (backupAt === '') return [];
  return [
    {
      path: SERVICE,
      text: `# Rendered by provision.sh.
[Unit]
Description=Daily backup of Centralita
StartLimitIntervalSec=4h
StartLimitBurst=12

[Service]
Type=oneshot
Environment=CENTRALITA_HOME=${home}
ExecStart=${currentLink(home)}/provision.sh --backup --scheduled
Restart=on-failure
RestartSec=600
`,
    },
    {
      path: TIMER,
      text: `# Rendered by provision.sh.
[Unit]
Description=Hour of the daily backup of Centralita

[Timer]
OnCalendar=*-*-* ${backupAt}:00 UTC
Persistent=true

[Install]
WantedBy=timers.target
`,
    },
  ];
}

/** Those that systemd has. */
export async function readBackupUnits(folder: string = UNITS_FOLDER): Promise<readonly RenderedFile[]> {
  const units = await Promise.all(
    [SERVICE, TIMER].map(async (path) => ({ path, text: (await readTextIfThere(join(folder, path))) ?? '' })),
  );
  return units.filter(({ text }) => text !== '');
}

/** What is not as it should be, in words. Pure. */
export function listTimerChanges(units: readonly RenderedFile[], wish: TimerWish & { readonly hasSystemd: boolean }): readonly string[] {
  if (!wish.hasSystemd || listDifferences(units, renderBackupUnits(wish)).length === 0) return [];
  return [wish.backupAt === '' ? `take ${TIMER} away: BACKUP_AT is empty` : `write ${TIMER} and start it`];
}

/** Writes the units and starts the timer, or takes both away. */
export async function putTimer(wish: TimerWish, signal: AbortSignal): Promise<void> {
  const wanted = renderBackupUnits(wish);
  if (wanted.length === 0) return void (await removeUnits());
  for (const { path, text } of wanted) await replaceFile(join(UNITS_FOLDER, path), text, { uid: 0, gid: 0, mode: 0o644 });
  await runCommand(['systemctl', 'daemon-reload'], { signal, timeoutMs: SYSTEMCTL_TIMEOUT_MS });
  await runCommand(['systemctl', 'enable', TIMER], { signal, timeoutMs: SYSTEMCTL_TIMEOUT_MS });
  // One that runs already takes another hour only so.
  await runCommand(['systemctl', 'restart', TIMER], { signal, timeoutMs: SYSTEMCTL_TIMEOUT_MS });
}

/** Takes the units of this home away; another's stay. Returns what is gone. */
export async function removeTimer(home: string): Promise<readonly string[]> {
  const isOurs = (await readBackupUnits()).some(({ text }) => text.includes(`CENTRALITA_HOME=${home}\n`));
  return isOurs ? await removeUnits() : [];
}

async function removeUnits(): Promise<readonly string[]> {
  await tryCommand(['systemctl', 'disable', '--now', TIMER], { timeoutMs: SYSTEMCTL_TIMEOUT_MS });
  // The timer first: cut short, the service still says whose they are.
  const paths = [TIMER, SERVICE].map((name) => join(UNITS_FOLDER, name));
  for (const path of paths) await rm(path, { force: true });
  await tryCommand(['systemctl', 'daemon-reload'], { timeoutMs: SYSTEMCTL_TIMEOUT_MS });
  return paths;
}
