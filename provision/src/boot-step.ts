/** Starts the appliance when the machine starts, where systemd runs the machine. Elsewhere `provision.sh start` is the operator's. */
import { currentLink } from '#releases/release-store.ts';
import { runCommand } from './command.ts';
import { BOOT_UNIT_PATH } from './facts.ts';
import type { Facts } from './facts.ts';
import type { Step } from './plan.ts';
import { replaceFile } from './rendered-files.ts';

/** The unit: the supervisor keeps the services, so systemd has only to start and stop all of it. */
export function renderBootUnit({ home }: Pick<Facts, 'home'>): string {
  return `# Rendered by provision.sh.
[Unit]
Description=Centralita, an AI call center
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
Environment=CENTRALITA_HOME=${home}
ExecStart=${currentLink(home)}/provision.sh start
ExecStop=${currentLink(home)}/provision.sh stop
TimeoutStartSec=600
TimeoutStopSec=600

[Install]
WantedBy=multi-user.target
`;
}

export const bootStep: Step = {
  name: 'start at boot',
  changes: (facts) =>
    facts.machine.hasSystemd && facts.bootUnitText !== renderBootUnit(facts) ? [`write ${BOOT_UNIT_PATH} and enable it`] : [],
  apply: async ({ facts, signal }) => {
    await replaceFile(BOOT_UNIT_PATH, renderBootUnit(facts), { uid: 0, gid: 0, mode: 0o644 });
    await runCommand(['systemctl', 'daemon-reload'], { signal });
    await runCommand(['systemctl', 'enable', 'centralita.service'], { signal });
  },
};
