/** Who else is on the machine and what guards it. */
import { wantsCallPorts } from '#machine/foreign-servers-probe.ts';
import { pass, warn } from './check.ts';
import type { CheckGroup } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

export const safetyChecks: CheckGroup<MachineSeen> = {
  name: 'surroundings',
  checks: [
    {
      name: 'firewall',
      judge: ({ host, hardware: { engine, network } }) => {
        const hasDocker = engine.kind === 'known' && engine.value?.name === 'docker';
        if (host.firewall === 'ufw' && hasDocker)
          return warn(
            'ufw is on, and ports that Docker publishes go past it',
            'publish on 127.0.0.1 only, or add rules to the chain DOCKER-USER',
          );
        if (host.firewall !== 'none') return pass(`${host.firewall} is on`);
        if (network.isBehindNat.kind === 'known' && !network.isBehindNat.value)
          return warn(
            'a public address and no ufw or firewalld: SIP ports are found by strangers within minutes',
            'apt-get install ufw && ufw allow from CARRIER to any port 5060 proto udp && ufw enable',
          );
        return pass('none of its own, inside a private network');
      },
    },
    {
      name: 'mandatory access control',
      judge: ({ host }) => {
        if (host.selinux === 'enforcing')
          return warn(
            'SELinux is enforcing: the policy for the private root is not written',
            'use --runtime docker, or semanage permissive -a for what it refuses (ausearch -m avc)',
          );
        return pass(host.selinux === 'permissive' ? 'SELinux, permissive' : host.hasAppArmor ? 'AppArmor' : 'none');
      },
    },
    {
      name: 'other servers',
      judge: ({ hardware: { foreignServers } }) => {
        const telephony = foreignServers.filter(wantsCallPorts);
        if (telephony.length > 0)
          return warn(
            `${telephony.join(', ')}: it will want the ports of calls`,
            'systemctl disable --now asterisk (or its name), or move SIP_PORT and the RTP ports in .env',
          );
        return pass(foreignServers.length === 0 ? 'none' : `${foreignServers.join(', ')}: not touched`);
      },
    },
    {
      name: 'security updates',
      judge: ({ host, hardware: { system } }) =>
        host.hasUnattendedUpgrades
          ? pass('installed by themselves')
          : warn(
              'not installed by themselves',
              ['debian', 'ubuntu'].includes(system.id)
                ? 'apt-get install unattended-upgrades && dpkg-reconfigure -f noninteractive unattended-upgrades'
                : 'dnf install dnf-automatic && systemctl enable --now dnf-automatic-install.timer',
            ),
    },
  ],
};
