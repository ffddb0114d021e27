/**
 * Describes one installation of Asterisk and PostgreSQL on this machine: the appliance's own, a test rig's, a
 * benchmark's. Several live side by side, each with its own folder and ports, on one private root.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { PrivateRoot } from './private-root.ts';

const port = z.number().int().min(1).max(65_535);
/** Characters that mean nothing to Asterisk's files, to SQL, to a URL and to a shell. */
const secret = z.string().regex(/^[A-Za-z0-9_-]{8,128}$/);
const hostName = z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/);
const label = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

export const instanceSchema = z.object({
  name: label,
  /** Where the instance keeps everything of its own: configuration, database, recordings. */
  dir: z.string().startsWith('/'),
  /** Address that SIP listens on: 0.0.0.0 for an appliance, 127.0.0.1 for a rig. */
  bindAddress: hostName,
  ports: z
    .object({ sip: port, ari: port, rtpFirst: port, rtpLast: port, postgres: port })
    .refine((ports) => ports.rtpLast - ports.rtpFirst >= 3, 'rtpLast must be at least rtpFirst + 3: every call takes two ports'),
  passwords: z.object({
    ari: secret,
    databaseMigrator: secret,
    databaseApp: secret,
    databaseMonitor: secret,
    asteriskMetrics: secret,
    testCaller: secret,
  }),
  limits: z
    .object({
      /** Live calls that the control plane admits; Asterisk itself refuses at twice that, besides those on hold. */
      maxConcurrentCalls: z.number().int().min(1).max(1000).default(20),
      /** Callers that it holds with music until there is room. */
      maxWaitingCallers: z.number().int().min(0).max(100).default(100),
      /** The cap that needs no controller. */
      maxCallSeconds: z.number().int().min(10).max(86_400).default(3600),
      /** Silence on the wire after which the caller's network is taken for dead. */
      rtpTimeoutSeconds: z.number().int().min(1).max(3600).default(30),
      rtpTimeoutHoldSeconds: z.number().int().min(1).max(3600).default(300),
      /** Memory that PostgreSQL may take for its shared buffers. */
      sharedBuffersBytes: z.number().int().min(16_777_216).default(134_217_728),
      /** Connections that PostgreSQL accepts. */
      maxConnections: z.number().int().min(20).max(10_000).default(100),
      /** Files that each process of Asterisk and PostgreSQL may open, sockets included, and each of the Node services. */
      serverFiles: z.number().int().min(1_024).max(1_000_000).default(20_000),
      nodeFiles: z.number().int().min(1_024).max(1_000_000).default(20_000),
    })
    .prefault({}),
  /** Where the interfaces of its own listen and whom the database lets in: this machine alone, or containers' networks of their own. */
  network: z
    .object({
      ariAddress: hostName,
      postgresListen: z.string().regex(/^[0-9.*]{1,15}$/),
      databaseClients: z.string().regex(/^[a-z0-9./]{3,18}$/),
    })
    .default({ ariAddress: '127.0.0.1', postgresListen: '127.0.0.1', databaseClients: '127.0.0.1/32' }),
  /** ARI application that takes the calls. */
  application: label.default('centralita'),
  /** True when a SIP balancer stands in front: a call nobody can take gets 503 instead of an apology. */
  behindBalancer: z.boolean().default(false),
  /** Dial string rung after the apology, a phone of one organization such as `PJSIP/2001-clinica-demo`. */
  fallbackDestination: z
    .string()
    .regex(/^(PJSIP\/[A-Za-z0-9@.-]+)?$/)
    .default(''),
  /** Public address and private networks, when the machine stands behind network address translation. */
  nat: z.object({ externalAddress: hostName, localNetworks: z.array(z.string().regex(/^[0-9a-fA-F.:/]{3,49}$/)) }).optional(),
  /** Group of the control plane: reads and removes recordings, and opens the database's socket. Root alone when left out. */
  serviceGid: z.number().int().optional(),
});

/** A checked description; made by {@link describeInstance}. */
export type Instance = z.infer<typeof instanceSchema> & { readonly root: PrivateRoot };
export type InstanceInput = z.input<typeof instanceSchema>;

/** ARI user of every instance; its password is the instance's own. */
export const ARI_USER = 'centralita';
/** Who may read Asterisk's figures and do nothing else. */
export const METRICS_USER = 'metrics';
/** Database of every instance; each has a server of its own. */
export const DATABASE = 'centralita';
/** `monitor` reads the server's statistics and no row. */
export const DATABASE_ROLES = { migrator: 'centralita_migrator', app: 'centralita_app', monitor: 'centralita_monitor' } as const;
/** Role without a login, for the appliance's administrator: sees every organization. */
export const ADMIN_ROLE = 'centralita_admin';
/** Folder in an instance's folder that holds the database's socket for the control plane; PostgreSQL's own is closed to all but its user. */
export const DATABASE_SOCKET = 'database';
/** Longest path of a Unix socket: 108 bytes with the zero at its end (unix(7)). */
const SOCKET_PATH_BYTES = 107;
/** Where the instance's folder is seen inside the private root. */
export const MOUNT_POINT = '/instance';

/** Checks a description and fills in the defaults. Throws with every wrong field named. */
export function describeInstance(root: PrivateRoot, input: InstanceInput): Instance {
  const parsed = instanceSchema.safeParse(input);
  if (!parsed.success) throw new Error(`instance ${String(input.name)}:\n${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, root };
}

/** Folders of an instance as the machine sees them. */
export function instancePaths(instance: Pick<Instance, 'dir'>) {
  const at = (...parts: string[]): string => join(instance.dir, ...parts);
  return {
    recordings: at('recordings'),
    /** The apologies: `.sln` for the dialplan, `.s16le` (mono PCM16 at 16 kHz) for the control plane. */
    sounds: at('sounds'),
    asteriskEtc: at('asterisk', 'etc'),
    /** Its process number, written by Asterisk. */
    asteriskPid: at('asterisk', 'run', 'asterisk.pid'),
    postgresEtc: at('postgres', 'etc'),
    postgresData: at('postgres', 'data'),
    prometheusEtc: at('prometheus', 'etc'),
    postgresRun: at('postgres', 'run'),
    /** Holds the socket for the roles that come in by password. */
    databaseSocket: at(DATABASE_SOCKET),
  };
}

/** HTTP address of the instance's Asterisk; the WebSocket addresses differ in the scheme alone. */
export function ariUrl(instance: Instance): string {
  return `http://127.0.0.1:${instance.ports.ari}`;
}

/**
 * Connection string for one of the two roles. Over the Unix socket: a text turn takes 0.2 ms less of 3 than over TCP (median,
 * two cores, 200 conversations). Over the loopback where the folder's path is too long for a socket.
 */
export function databaseUrl(instance: Instance, role: 'app' | 'migrator'): string {
  const password = role === 'app' ? instance.passwords.databaseApp : instance.passwords.databaseMigrator;
  const { postgres: port } = instance.ports;
  const folder = instancePaths(instance).databaseSocket;
  const hasSocket = Buffer.byteLength(`${folder}/.s.PGSQL.${port}`) <= SOCKET_PATH_BYTES;
  const host = hasSocket ? encodeURIComponent(folder) : '127.0.0.1';
  return `postgres://${DATABASE_ROLES[role]}:${password}@${host}:${port}/${DATABASE}`;
}
