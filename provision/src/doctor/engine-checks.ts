/** The container engine of the docker runtime. Where there is none, the native runtime needs none. */
import type { Engine } from '#machine/hardware.ts';
import { isAtLeast } from '#version.ts';
import { fail, pass, warn } from './check.ts';
import type { CheckGroup, Finding } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

/** First with everything that the compose file asks for. */
const DOCKER_FLOOR = '20.10';
const COMPOSE_FLOOR = '2.20';
const SLOW_DRIVERS = ['vfs', 'devicemapper', 'aufs'];

function forEngine(judge: (engine: Engine, seen: MachineSeen) => Finding): (seen: MachineSeen) => Finding {
  return (seen) => {
    const { engine } = seen.hardware;
    if (engine.kind === 'unknown') return pass('the engine does not answer');
    return engine.value === null ? pass('no engine: the native runtime needs none') : judge(engine.value, seen);
  };
}

export const engineChecks: CheckGroup<MachineSeen> = {
  name: 'containers',
  checks: [
    {
      name: 'container engine',
      judge: (seen) => {
        const { engine } = seen.hardware;
        if (engine.kind === 'unknown') return warn(engine.reason, engine.fix ?? 'systemctl restart docker');
        return forEngine(({ name, version }) => {
          if (name === 'podman')
            return warn(`podman ${version}: the compose file is tried with Docker`, 'install Docker, or use --runtime native');
          if (!isAtLeast(version, DOCKER_FLOOR))
            return fail(`docker ${version}: need ${DOCKER_FLOOR}`, 'upgrade Docker, or use --runtime native');
          return pass(`docker ${version}`);
        })(seen);
      },
    },
    {
      name: 'compose',
      judge: forEngine(({ composeVersion }) => {
        const fix = 'apt-get install docker-compose-plugin (Debian 13: docker-compose), or use --runtime native';
        if (composeVersion === null) return fail('docker compose is missing', fix);
        if (!isAtLeast(composeVersion, COMPOSE_FLOOR)) return fail(`compose ${composeVersion}: need ${COMPOSE_FLOOR}`, fix);
        return pass(composeVersion);
      }),
    },
    {
      name: "engine's rights",
      judge: forEngine(({ isRootless }) =>
        isRootless
          ? warn(
              'rootless: media ports go through a relay in user space, which adds delay to calls',
              'use the engine of root, or --runtime native',
            )
          : pass("root's engine"),
      ),
    },
    {
      name: 'user namespaces',
      judge: ({ host, hardware: { engine } }) => {
        const isNeeded = engine.kind === 'known' && engine.value?.isRootless === true;
        if (host.hasUserNamespaces !== false) return pass(host.hasUserNamespaces === null ? 'the kernel does not say' : 'allowed');
        const reason = 'the kernel allows no user namespaces';
        return isNeeded
          ? fail(`${reason}, and a rootless engine needs them`, 'sysctl -w user.max_user_namespaces=15000')
          : pass(`${reason}, and nothing here needs one`);
      },
    },
    {
      name: 'storage driver',
      judge: forEngine(({ storageDriver }) =>
        storageDriver !== null && SLOW_DRIVERS.includes(storageDriver)
          ? warn(`${storageDriver}: every start copies whole images`, 'set "storage-driver": "overlay2" in /etc/docker/daemon.json')
          : pass(storageDriver ?? 'not told'),
      ),
    },
  ],
};
