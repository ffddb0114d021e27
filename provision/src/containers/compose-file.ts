/** What of a rendered compose file is looked at: the answer of `docker compose config --format json`, or the same from YAML with its variables filled in. */
import { z } from 'zod';

const words = z.array(z.string()).default([]);

const mountSchema = z.union([
  z.string().transform((text) => {
    const [source = '', target = '', options = ''] = text.split(':');
    return { source, target, isReadOnly: options.split(',').includes('ro') };
  }),
  z
    .object({ source: z.string().default(''), target: z.string(), read_only: z.boolean().default(false) })
    .transform(({ source, target, read_only }) => ({ source, target, isReadOnly: read_only })),
]);

const portSchema = z.union([
  // Address, published, inside: two colons or three parts; without an address the first part is a port.
  z.string().transform((text) => ({ address: text.split(':').length > 2 ? (text.split(':')[0] ?? '') : '', text })),
  z
    .object({ host_ip: z.string().default(''), target: z.number() })
    .transform(({ host_ip, target }) => ({ address: host_ip, text: String(target) })),
]);

/** A map, or a list of NAME=value. */
const environmentSchema = z
  .union([
    z.record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => String(value ?? '')),
    ),
    z
      .array(z.string())
      .transform((lines) =>
        Object.fromEntries(lines.map((line): [string, string] => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)])),
      ),
  ])
  .default({});

const serviceSchema = z.object({
  image: z.string().default(''),
  user: z.string().default(''),
  restart: z.string().default(''),
  read_only: z.boolean().default(false),
  privileged: z.boolean().default(false),
  cap_drop: words,
  cap_add: words,
  security_opt: words,
  network_mode: z.string().default(''),
  pid: z.string().default(''),
  ipc: z.string().default(''),
  networks: z.union([z.array(z.string()), z.record(z.string(), z.unknown()).transform((named) => Object.keys(named))]).default([]),
  ports: z.array(portSchema).default([]),
  volumes: z.array(mountSchema).default([]),
  tmpfs: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  environment: environmentSchema,
  healthcheck: z.object({ test: z.unknown().optional(), disable: z.boolean().default(false) }).optional(),
  logging: z.object({ driver: z.string().default(''), options: z.record(z.string(), z.unknown()).default({}) }).optional(),
  stop_grace_period: z.string().default(''),
  deploy: z
    .object({
      resources: z
        .object({ limits: z.object({ memory: z.unknown().optional(), pids: z.unknown().optional() }).default({}) })
        .default({ limits: {} }),
    })
    .default({ resources: { limits: {} } }),
});

const composeSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) }).nullable()).default({}),
});

/** One service, with everything left out filled in as empty. */
export type ComposeService = z.infer<typeof serviceSchema>;
export type ComposeFile = z.infer<typeof composeSchema>;

/** Checks the shape of what was parsed. Throws with every fault named. */
export function readComposeFile(parsed: unknown): ComposeFile {
  const read = composeSchema.safeParse(parsed);
  if (!read.success) throw new Error(`the compose file:\n${z.prettifyError(read.error)}`);
  return read.data;
}

/**
 * Fills in `${NAME}`, `${NAME:-default}` and `${NAME:?why}` as compose does, for a check where no compose is at hand. Throws for one that is asked for
 * and neither given nor with a default.
 */
export function fillComposeVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{[^}]*\}/g, (place) => {
    const [, name = '', kind, rest = ''] = /^\$\{([A-Z0-9_]+)(?::([-?])(.*))?\}$/.exec(place) ?? [];
    const value = values[name];
    if (value !== undefined && value !== '') return value;
    if (kind === '-') return rest;
    throw new Error(`docker-compose.yml asks for ${name === '' ? place : name}, which is not set${rest === '' ? '' : `: ${rest}`}`);
  });
}
