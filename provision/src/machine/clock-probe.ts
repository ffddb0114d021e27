/** How far the clock is off, as the machine's own time service measured it: tokens, webhooks and call records stand on it. */
import type { Known } from './hardware.ts';
import type { MachineSource } from './machine-source.ts';
import { askCommand } from './probe-command.ts';

const START_CHRONY = 'apt-get install chrony (or dnf install chrony), then `systemctl enable --now chronyd`';
const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Asks chrony, then systemd, then the kernel. */
export async function probeClock(source: MachineSource, deadline: AbortSignal): Promise<Known<number>> {
  const ask = async (...argv: readonly string[]): Promise<string | null> => {
    const answer = await askCommand(argv, { env: source.env, deadline });
    if (answer.kind === 'hung') hung.push(argv[0] ?? '');
    return answer.kind === 'ended' && answer.exitCode === 0 ? answer.stdout : null;
  };
  const hung: string[] = [];
  const chrony = await ask('chronyc', '-n', 'tracking');
  if (chrony !== null) return parseChronyTracking(chrony);
  const properties = await ask('timedatectl', 'show', '--property=NTPSynchronized');
  if (properties !== null && properties.includes('NTPSynchronized=yes')) {
    const status = parseTimesyncOffset((await ask('timedatectl', 'timesync-status')) ?? '');
    if (status !== null) return { kind: 'known', value: status };
  }
  const kernel = parseAdjtimex((await ask('adjtimex', '--print')) ?? '');
  if (kernel !== null) return { kind: 'known', value: kernel };
  if (hung.length > 0) return { kind: 'unknown', reason: `${hung[0]} did not answer`, fix: 'restart the time service' };
  if (properties?.includes('NTPSynchronized=yes'))
    return { kind: 'unknown', reason: 'systemd says that the clock is synchronized and not how well', fix: START_CHRONY };
  return { kind: 'unknown', reason: 'no time service on this machine keeps the clock', fix: START_CHRONY };
}

/** Reads `chronyc tracking`: seconds slow of NTP time mean that the clock is behind. */
export function parseChronyTracking(text: string): Known<number> {
  const found = /^System time\s*:\s*([\d.]+) seconds (slow|fast) of NTP time/m.exec(text);
  if (/^Leap status\s*:\s*Not synchronised/m.test(text) || found?.[1] === undefined)
    return {
      kind: 'unknown',
      reason: 'chrony runs and has no source of time yet',
      fix: 'name a time server that this machine reaches in chrony.conf',
    };
  const ms = Number(found[1]) * 1000;
  return { kind: 'known', value: round(found[2] === 'slow' ? -ms : ms) };
}

/**
 * Reads `Offset: +1min 2.500s` of `timedatectl timesync-status`; null when it is not there. It is what the server's clock is ahead of ours, so its
 * sign turns here.
 */
export function parseTimesyncOffset(text: string): number | null {
  const found = /^\s*Offset:\s*([+-])(.+)$/m.exec(text);
  if (!found?.[2]) return null;
  let ms = 0;
  for (const [, amount, unit] of found[2].matchAll(/([\d.]+)(us|ms|min|s|h|d)/g)) ms += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return round(found[1] === '+' ? -ms : ms);
}

/** Reads `adjtimex --print`; null when the kernel's clock is not kept (status bit 64) or the answer is something else. Its offset is in microseconds. */
export function parseAdjtimex(text: string): number | null {
  const offset = /^\s*offset:\s*(-?\d+)/m.exec(text)?.[1];
  const status = /^\s*status:\s*(\d+)/m.exec(text)?.[1];
  if (offset === undefined || status === undefined || (Number(status) & 64) !== 0) return null;
  return round(-Number(offset) / 1000);
}

/** Without a negative zero, which a comparison of two answers would call a change. */
function round(ms: number): number {
  return Number(ms.toFixed(3)) + 0;
}
