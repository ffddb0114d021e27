/** The rules of docs/operations.md for containers, over the rendered compose file: what is not written down as an exception is a fault. Pure. */
import type { ComposeFile, ComposeService } from './compose-file.ts';

export type ComposeFault = { readonly service: string; readonly rule: string; readonly message: string };

type Named = { readonly name: string; readonly service: ComposeService };
type Rule = { readonly name: string; readonly check: (named: Named, file: ComposeFile) => string | null };

/** Capabilities that a service of that name may add back; none needs one today. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {};
/** Networks, and whether the world may be reached from them. */
const NETWORKS: Readonly<Record<string, { readonly internal: boolean }>> = {
  data: { internal: true },
  media: { internal: true },
  edge: { internal: false },
};
/** Services that see the whole machine's files, to read. */
const SEES_MACHINE = ['node-exporter'];
/** Services whose ending takes its time: calls are let end. */
const LONGEST_GRACE: Readonly<Record<string, number>> = { 'control-plane': 600 };

const RULES: readonly Rule[] = [
  {
    name: 'image-digest',
    check: ({ service }) =>
      /(^|@)sha256:[0-9a-f]{64}$/.test(service.image)
        ? null
        : `image "${service.image}" is not named by its contents: end it with @sha256: and 64 hexadecimal digits`,
  },
  {
    name: 'user',
    check: ({ service: { user } }) =>
      user === '' || /^(0|root)(:|$)/.test(user) ? `user is "${user}": name one that is not root, by number` : null,
  },
  { name: 'read-only', check: ({ service }) => (service.read_only ? null : 'its image can be written to: say read_only: true') },
  {
    name: 'tmpfs',
    check: ({ service }) =>
      service.tmpfs.some((entry) => entry.startsWith('/tmp:size=')) ? null : 'has no /tmp of a limited size: add tmpfs /tmp:size=…',
  },
  {
    name: 'capabilities-dropped',
    check: ({ service }) => (service.cap_drop.includes('ALL') ? null : 'keeps capabilities: say cap_drop: [ALL]'),
  },
  {
    name: 'capabilities-added',
    check: ({ name, service }) => {
      const extra = service.cap_add.filter((capability) => !(CAPABILITIES[name] ?? []).includes(capability));
      return extra.length === 0 ? null : `adds ${extra.join(', ')}: nobody has said why`;
    },
  },
  {
    name: 'no-new-privileges',
    check: ({ service }) =>
      service.security_opt.some((option) => /^no-new-privileges[:=]true$/.test(option))
        ? null
        : 'can gain privileges: say security_opt no-new-privileges:true',
  },
  { name: 'privileged', check: ({ service }) => (service.privileged ? 'is privileged' : null) },
  {
    name: 'engine-socket',
    check: ({ service }) => {
      const socket = service.volumes.find(({ source }) => /(docker|containerd|podman)(\.sock)?$/.test(source) || isRunFolder(source));
      if (socket) return `mounts ${socket.source}: who holds the engine's socket is root of the machine`;
      const bare = service.volumes.find(({ source, target }) => source === '/' && !hides(service, `${target}/run`));
      return bare ? `sees the engine's socket at ${bare.target}/run: put a tmpfs over that folder` : null;
    },
  },
  {
    name: 'host-namespaces',
    check: ({ service: { network_mode, pid, ipc } }) =>
      [network_mode, pid, ipc].includes('host') ? 'shares a namespace with the machine: network, processes or memory' : null,
  },
  { name: 'networks', check: checkNetworks },
  {
    name: 'ports',
    check: ({ service }) => {
      const open = service.ports.filter(({ address }) => address === '');
      return open.length === 0
        ? null
        : `publishes ${open.map(({ text }) => text).join(', ')} without an address: an engine's ports pass the firewall`;
    },
  },
  { name: 'mounts', check: checkMounts },
  {
    name: 'health-check',
    check: ({ service }) =>
      service.restart === 'no' || (service.healthcheck?.test !== undefined && !service.healthcheck.disable)
        ? null
        : 'nobody asks whether it works: add a health check',
  },
  {
    name: 'restart',
    check: ({ service: { restart } }) =>
      ['no', 'unless-stopped', 'always'].includes(restart) ? null : `restart is "${restart}": say unless-stopped`,
  },
  {
    name: 'limits',
    check: ({ service }) => {
      const { memory, pids } = service.deploy.resources.limits;
      const missing = [...(memory === undefined ? ['memory'] : []), ...(pids === undefined ? ['pids'] : [])];
      return missing.length === 0 ? null : `may take all of the machine: limit ${missing.join(' and ')}`;
    },
  },
  {
    name: 'logs',
    check: ({ service: { logging } }) =>
      logging?.driver === 'json-file' && 'max-size' in logging.options && 'max-file' in logging.options
        ? null
        : 'its log can fill the disk: json-file with max-size and max-file',
  },
  { name: 'secrets', check: checkEnvironment },
  {
    name: 'grace',
    check: ({ name, service }) => {
      const seconds = LONGEST_GRACE[name];
      return seconds === undefined || readSeconds(service.stop_grace_period) >= seconds
        ? null
        : `ends after "${service.stop_grace_period}": live calls are given ${seconds / 60} minutes`;
    },
  },
];

/** Names of all rules, for the test that plants one fault of each. */
export const COMPOSE_RULES: readonly string[] = RULES.map(({ name }) => name);

/** Every fault of every service; none for a file that may be brought up. */
export function lintCompose(file: ComposeFile): readonly ComposeFault[] {
  return Object.entries(file.services).flatMap(([name, service]) =>
    RULES.flatMap((rule) => {
      const message = rule.check({ name, service }, file);
      return message === null ? [] : [{ service: name, rule: rule.name, message }];
    }),
  );
}

/** Where engines have their sockets. */
function isRunFolder(source: string): boolean {
  return /^(\/var)?\/run\/?$/.test(source);
}

/** Whether an empty folder of the container's own lies there. */
function hides({ tmpfs }: ComposeService, path: string): boolean {
  return tmpfs.some((entry) => entry.split(':')[0] === path);
}

function checkNetworks({ name, service }: Named, { networks }: ComposeFile): string | null {
  if (service.network_mode !== '') {
    return service.network_mode === 'none' || service.network_mode.startsWith('service:')
      ? null
      : `network_mode is ${service.network_mode}`;
  }
  if (service.networks.length === 0) return 'names no network, and so is in one with everybody';
  for (const network of service.networks) {
    const known = NETWORKS[network];
    if (!known) return `is in the network ${network}: there are ${Object.keys(NETWORKS).join(', ')}`;
    if (known.internal && networks[network]?.internal !== true) return `is in ${network}, which must be internal`;
  }
  if (name === 'postgres' && service.networks.some((network) => network !== 'data')) return 'the database is in the network data alone';
  return service.ports.length > 0 && !service.networks.includes('edge') ? 'publishes a port and is not in the network edge' : null;
}

function checkMounts({ name, service }: Named): string | null {
  for (const { source, isReadOnly } of service.volumes) {
    if (!source.startsWith('/')) continue;
    if (!isReadOnly) return `can write to the machine's ${source}: mount it read-only, or make it a volume`;
    if (source === '/' && !SEES_MACHINE.includes(name)) return 'sees the whole machine';
  }
  return null;
}

/** What compose renders, `10m0s` as well as `10m`, in seconds. */
function readSeconds(text: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** A variable that names a file, or a folder of one, carries no secret. */
function checkEnvironment({ service }: Named): string | null {
  for (const [name, value] of Object.entries(service.environment)) {
    if (value === '') continue;
    // A publishable key is made to be seen.
    const isNamedSecret =
      !name.includes('PUBLISHABLE') &&
      /PASSWORD|PASSWD|SECRET|TOKEN|(^|_)KEYS?(_|$)|CREDENTIAL/.test(name) &&
      !/_(FILE|DIR)$|__FILE$/.test(name);
    if (isNamedSecret && !/^\d+$/.test(value))
      return `${name} is a secret in a variable, which everybody sees who may inspect the container: name a file`;
    if (/:\/\/[^/:@]+:[^@/]+@/.test(value)) return `${name} has a password in its address: name a file`;
  }
  return null;
}
