/** Time: tokens expire by it, webhooks are signed with it, campaigns keep to hours by it. */
import { fail, pass, warn } from './check.ts';
import type { CheckGroup } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

/** Beyond it signed requests between two machines begin to be refused in tests, and call records do not line up. */
const OFFSET_LIMIT_MS = 100;

export const clockChecks: CheckGroup<MachineSeen> = {
  name: 'time',
  checks: [
    {
      name: 'clock',
      judge: ({ hardware: { clockOffsetMs: offset } }) => {
        if (offset.kind === 'unknown') return warn(offset.reason, offset.fix ?? 'apt-get install chrony');
        const side = offset.value < 0 ? 'behind' : 'ahead';
        if (Math.abs(offset.value) < OFFSET_LIMIT_MS) return pass(`${Math.abs(offset.value)} ms ${side}`);
        return fail(
          `the clock is ${describeMs(Math.abs(offset.value))} ${side}`,
          'chronyc makestep (or: systemctl restart systemd-timesyncd)',
        );
      },
    },
    {
      name: 'time zone',
      judge: ({ host }) =>
        host.timezone === null
          ? warn('none is set: logs are in UTC', 'timedatectl set-timezone Europe/Madrid, or what applies here')
          : pass(host.timezone),
    },
  ],
};

function describeMs(ms: number): string {
  return ms >= 60_000 ? `${(ms / 60_000).toFixed(1)} min` : ms >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${ms.toFixed(0)} ms`;
}
