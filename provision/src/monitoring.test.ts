// What Prometheus and its exporters are told: to listen to this machine alone, and where the two passwords are.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeAppliance } from './appliance.ts';
import { MONITORING_SERVICES, monitoringCommand, renderMonitoring } from './monitoring.ts';
import { finishedFacts } from './sample-facts.ts';

const facts = finishedFacts();
const appliance = describeAppliance(facts);
if (!appliance) throw new Error('the sample lacks what an appliance is built on');
const { monitoring } = appliance;
const loopback = {
  controlPlane: '127.0.0.1:8080',
  inference: ['127.0.0.1:8002'],
  asterisk: '127.0.0.1:8088',
  postgresExporter: '127.0.0.1:9187',
  nodeExporter: '127.0.0.1:9100',
  prometheus: '127.0.0.1:9090',
};
const files = new Map(renderMonitoring(monitoring).map(({ path, text }) => [path, text]));

describe('the configuration of Prometheus', () => {
  it('watches what runs here, on the loopback, every 15 seconds', () => {
    const text = files.get('prometheus.yml') ?? '';
    const targets = [...text.matchAll(/targets: \['(.+)'\]/g)].map(([, target]) => target);
    expect(targets).toEqual(['127.0.0.1:8080', '127.0.0.1:8002', '127.0.0.1:8088', '127.0.0.1:9187', '127.0.0.1:9100', '127.0.0.1:9090']);
    expect(text).toContain("scrape_interval: '15s'");
    expect(text).not.toContain('job_name: boards');
    expect(text).not.toMatch(/\{\{|undefined/);
  });

  it('asks the exporter of the boards where there is one, in a job of its own', () => {
    const targets = { ...loopback, boards: 'dcgm-exporter:9400' };
    const text = renderMonitoring({ ...monitoring, targets }).find(({ path }) => path === 'prometheus.yml')?.text ?? '';
    const { scrape_configs } = parse(text) as { scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[] };
    expect(scrape_configs.map(({ job_name }) => job_name)).toEqual([
      'control-plane',
      'inference',
      'asterisk',
      'postgres',
      'node',
      'prometheus',
      'boards',
    ]);
    expect(scrape_configs.at(-1)?.static_configs).toEqual([{ targets: ['dcgm-exporter:9400'] }]);
  });

  it('comes with every rule, untouched', () => {
    expect([...files.keys()]).toEqual(['asterisk.secret', 'postgres.secret', 'prometheus.yml', 'rules-alerts.yml', 'rules-recording.yml']);
  });

  it('names the files of the passwords and holds none of them', () => {
    const { asteriskMetrics, databaseMonitor } = monitoring.instance.passwords;
    expect([files.get('asterisk.secret'), files.get('postgres.secret')]).toEqual([asteriskMetrics, databaseMonitor]);
    expect(files.get('prometheus.yml')).not.toContain(asteriskMetrics);
  });
});

describe('the commands', () => {
  const commandOf = (service: (typeof MONITORING_SERVICES)[number]) => monitoringCommand(monitoring, service);

  it('listen on the loopback and run as the user of Prometheus', () => {
    for (const service of MONITORING_SERVICES) {
      const words = commandOf(service);
      expect(words.filter((word) => word.startsWith('--web.listen-address='))).toEqual([expect.stringMatching(/=127\.0\.0\.1:\d+$/)]);
      expect(words).toContain('994');
    }
  });

  it('read what the provisioner writes of backups, as the machine’s exporter sees it', () => {
    expect(commandOf('node-exporter')).toContain(`--collector.textfile.directory=/mnt${facts.home}/metrics`);
  });

  it('keep series for as long and as many as the operator said', () => {
    const [days, gigabytes] = [facts.settings.PROMETHEUS_RETENTION_DAYS, facts.settings.PROMETHEUS_RETENTION_GIGABYTES];
    expect(commandOf('prometheus')).toEqual(
      expect.arrayContaining([`--storage.tsdb.retention.time=${days}d`, `--storage.tsdb.retention.size=${gigabytes}GB`]),
    );
  });
});

it('a database role that may read statistics is made, and no table is opened to it', () => {
  expect(appliance.postgresFiles.find(({ path }) => path === 'pg_hba.conf')?.text).toContain(
    'centralita_monitor 127.0.0.1/32 scram-sha-256',
  );
});
