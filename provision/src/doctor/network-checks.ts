/** Ports, addresses, names and the way out. */
import { fail, pass, warn } from './check.ts';
import type { CheckGroup, Finding } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

/** Below it a SIP INVITE with its offer is cut into pieces that many firewalls drop. */
const MTU_FLOOR_BYTES = 1_280;
const MTU_USUAL_BYTES = 1_400;

export const networkChecks: CheckGroup<MachineSeen> = {
  name: 'network',
  checks: [
    { name: 'ports', judge: judgePorts },
    {
      name: 'media ports',
      judge: ({ host, rtp, isInstalled }) => {
        const taken = host.listeners.filter(({ port, kind }) => kind === 'udp' && port >= rtp.first && port <= rtp.last);
        const first = taken[0];
        if (isInstalled || first === undefined) return pass(`${rtp.first} to ${rtp.last}, UDP`);
        return warn(
          `${taken.length} of the ports ${rtp.first} to ${rtp.last} are taken, such as ${first.port} by ${first.holder ?? 'another program'}`,
          'set RTP_FIRST_PORT and RTP_LAST_PORT in .env to a free range',
        );
      },
    },
    { name: 'address translation', judge: judgeNat },
    {
      name: 'name servers',
      judge: ({ host }) =>
        host.nameservers.length > 0
          ? pass(host.nameservers.join(', '))
          : warn(
              '/etc/resolv.conf names none: carriers, webhooks and updates cannot be found',
              'put "nameserver ADDRESS" into /etc/resolv.conf',
            ),
    },
    {
      name: 'way out',
      judge: ({ host }) => {
        if (host.wayOut)
          return pass(`by ${host.wayOut.interface}${host.proxy === null ? '' : `, with the proxy ${withoutPassword(host.proxy)}`}`);
        return warn(
          'there is no default route: nothing beyond this network is reached',
          'install with --offline BUNDLE, or add a default route',
        );
      },
    },
    {
      name: 'what is asked outside',
      judge: ({ outside }) => {
        if (outside === null) return pass('not tried');
        if (outside.length === 0) return pass('nothing: no setting names anything beyond this machine');
        const failed = outside.filter(({ fault }) => fault !== null);
        if (failed.length === 0) return pass(outside.map(({ host }) => host).join(', '));
        const list = failed.map(({ setting, host, fault }) => `${host} (${setting}): ${fault}`).join('; ');
        return warn(`not reached: ${list}`, `open the firewall for it, or correct ${failed[0]?.setting} in .env`);
      },
    },
    {
      name: 'packet size',
      judge: ({ host }) => {
        const mtu = host.wayOut?.mtuBytes ?? null;
        if (mtu === null) return pass('no way out, no limit known');
        const fix = `ip link set ${host.wayOut?.interface} mtu 1500, or lower it on the tunnel's other side`;
        if (mtu < MTU_FLOOR_BYTES) return fail(`${mtu} bytes: call offers over UDP do not fit`, fix);
        return mtu < MTU_USUAL_BYTES ? warn(`${mtu} bytes: long call offers over UDP are cut into pieces`, fix) : pass(`${mtu} bytes`);
      },
    },
  ],
};

function judgePorts({ host, ports, isInstalled, home }: MachineSeen): Finding {
  if (isInstalled) return pass('held by this installation');
  const taken = ports.flatMap(({ setting, port, kind }) => {
    const listener = host.listeners.find((each) => each.port === port && each.kind === kind);
    return listener ? [{ setting, port, holder: listener.holder ?? 'another program' }] : [];
  });
  const first = taken[0];
  if (first === undefined) return pass(`${ports.length} ports are free`);
  return fail(
    taken.map(({ port, holder }) => `port ${port} is taken by ${holder}`).join('; '),
    `stop it, or put another ${taken.map(({ setting }) => setting).join(', ')} into ${home}/.env`,
  );
}

function judgeNat({ hardware, network }: MachineSeen): Finding {
  const { isBehindNat, publicAddress, addresses } = hardware.network;
  if (network.externalAddress !== '' && network.localNetworks === '')
    return warn(
      'EXTERNAL_ADDRESS is set and LOCAL_NETWORKS is not: telephones inside get the outside address',
      'set LOCAL_NETWORKS in .env, such as 192.168.0.0/16',
    );
  if (network.externalAddress !== '') return pass(`calls from outside are told ${network.externalAddress}`);
  if (isBehindNat.kind === 'unknown') return pass(`inside only: ${isBehindNat.reason}`);
  if (isBehindNat.value)
    return warn(
      `only private addresses (${addresses.join(', ') || 'none'}): a carrier outside would send its sound to them`,
      'if a trunk comes in from outside, set EXTERNAL_ADDRESS and LOCAL_NETWORKS in .env; else nothing',
    );
  return pass(publicAddress.kind === 'known' ? `public address ${publicAddress.value}` : 'no translation');
}

function withoutPassword(proxy: string): string {
  return proxy.replace(/\/\/[^@/]*@/, '//');
}
