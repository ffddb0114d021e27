// One planted fault per rule: a rule that cannot fail would be none.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fillComposeVariables, readComposeFile } from './compose-file.ts';
import { COMPOSE_RULES, lintCompose } from './compose-lint.ts';

const text = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const values = {
  CENTRALITA_FILES: '/srv/home/containers/files',
  CENTRALITA_REPOSITORY: '/srv/checkout',
  MODELS_DIR: '/srv/home/models',
  SERIES_DIR: '/srv/home/metrics',
  ...Object.fromEntries(
    ['POSTGRES', 'ASTERISK', 'CONTROL_PLANE', 'CPU_SERVER', 'MONITORING', 'TRITON_SPEECH'].map((name) => [`${name}_IMAGE`, DIGEST]),
  ),
  ...Object.fromEntries(['TRITON_LANGUAGE', 'DCGM_EXPORTER', 'GRAFANA'].map((name) => [`${name}_DIGEST`, DIGEST])),
};

type Planted = Record<string, unknown>;
type Parsed = { services: Record<string, Planted>; networks: Record<string, Planted> };

function parsed(): Parsed {
  return parse(fillComposeVariables(text, values), { merge: true }) as Parsed;
}

/** The whole file with one service changed. */
function faultsAfter(change: Planted, service = 'cpu-server') {
  const file = parsed();
  Object.assign(file.services[service] ?? {}, change);
  return lintCompose(readComposeFile(file));
}

const PLANTED: readonly (readonly [rule: string, change: Planted, service?: string])[] = [
  ['image-digest', { image: 'centralita/cpu-server:latest' }],
  ['image-digest', { image: 'grafana/grafana@' }, 'grafana'],
  ['user', { user: '0:0' }],
  ['user', { user: undefined }],
  ['read-only', { read_only: false }],
  ['tmpfs', { tmpfs: ['/tmp'] }],
  ['capabilities-dropped', { cap_drop: ['NET_RAW'] }],
  ['capabilities-added', { cap_add: ['NET_ADMIN'] }],
  ['no-new-privileges', { security_opt: [] }],
  ['privileged', { privileged: true }],
  ['engine-socket', { volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro'] }],
  ['engine-socket', { volumes: ['/run:/host/run:ro'] }],
  ['engine-socket', { tmpfs: ['/tmp:size=16m,mode=1777'] }, 'node-exporter'],
  ['engine-socket', { volumes: ['/:/machine:ro'] }, 'node-exporter'],
  ['host-namespaces', { pid: 'host' }],
  ['networks', { networks: ['default'] }],
  ['networks', { networks: undefined }],
  ['networks', { networks: ['data', 'edge'] }, 'postgres'],
  ['ports', { networks: ['edge'], ports: ['8001:8001'] }],
  ['mounts', { volumes: ['/srv/home/models:/models'] }],
  ['mounts', { volumes: ['/:/host:ro'] }],
  ['health-check', { healthcheck: undefined }],
  ['restart', { restart: undefined }],
  ['limits', { deploy: { resources: { limits: { memory: '1g' } } } }],
  ['logs', { logging: { driver: 'json-file' } }],
  ['secrets', { environment: { ASTERISK_PASSWORD: 'hunter2' } }],
  ['secrets', { environment: ['DATABASE_URL=postgres://app:hunter2@postgres/centralita'] }],
  ['grace', { stop_grace_period: '1m' }, 'control-plane'],
];

describe('docker-compose.yml', () => {
  it('breaks no rule, in any profile', () => {
    expect(lintCompose(readComposeFile(parsed()))).toEqual([]);
  });

  it.each(PLANTED.map(([rule, change, service = 'cpu-server']) => ({ rule, change, service })))(
    'is refused by the rule $rule after $change',
    ({ rule, change, service }) => {
      const faults = faultsAfter(change, service).filter((fault) => fault.rule === rule);
      expect(faults.map((fault) => fault.service)).toEqual([service]);
    },
  );

  it('is refused where a network that must be internal is not', () => {
    const file = parsed();
    file.networks['data'] = {};
    const faults = lintCompose(readComposeFile(file));
    expect(new Set(faults.map(({ rule }) => rule))).toEqual(new Set(['networks']));
    expect(faults.map(({ service }) => service)).toContain('postgres');
  });

  it('has a planted fault for every rule', () => {
    expect(new Set(PLANTED.map(([rule]) => rule))).toEqual(new Set(COMPOSE_RULES));
  });

  it('is understood in the form that compose renders, too', () => {
    const rendered = {
      services: {
        'node-exporter': {
          ports: [{ host_ip: '', target: 9100 }],
          networks: { media: null },
          volumes: [{ type: 'bind', source: '/', target: '/host', read_only: true }],
          stop_grace_period: '10m0s',
        },
      },
      networks: { media: { internal: true } },
    };
    const rules = lintCompose(readComposeFile(rendered)).map(({ rule }) => rule);
    expect(rules).toEqual(expect.arrayContaining(['ports', 'user', 'limits']));
    expect(rules).not.toContain('mounts');
  });

  it('gives Grafana every variable that its data sources ask for', () => {
    const source = readFileSync(new URL('../../../grafana/provisioning/datasources/prometheus.yml', import.meta.url), 'utf8');
    const asked = [...source.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    const given = Object.keys(parsed().services['grafana']?.['environment'] ?? {});
    expect(asked).toContain('PROMETHEUS_URL');
    expect(given).toEqual(expect.arrayContaining(asked));
  });

  it('says which variable it lacks, and what sets it', () => {
    expect(() => fillComposeVariables(text, {})).toThrow('docker-compose.yml asks for POSTGRES_IMAGE, which is not set: provision.sh');
  });
});
