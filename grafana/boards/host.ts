// The machine and PostgreSQL: use, saturation, errors.
import type { Board } from '#grafana/dashboard.ts';
import { figure, hostVariable, instanceVariable, lines, quantiles } from '#grafana/panels.ts';

const DISKS = 'fstype!~"tmpfs|ramfs|squashfs",instance=~"$host"';

export const host: Board = {
  uid: 'centralita-host',
  title: 'Host and database',
  description: 'Processor, memory, disks and network of the machine, and its database.',
  variables: [instanceVariable, hostVariable],
  panels: [
    figure(
      { title: 'Processor in use', description: 'Of all cores, over 5 minutes.', thresholds: { yellow: 0.7, red: 0.9 } },
      'percentunit',
      '1 - avg(rate(node_cpu_seconds_total{mode="idle",instance=~"$host"}[5m]))',
    ),
    figure(
      { title: 'Memory left', description: 'What the kernel can give.', thresholds: { yellow: 0.15, red: 0.05, below: true } },
      'percentunit',
      'min(node_memory_MemAvailable_bytes{instance=~"$host"} / node_memory_MemTotal_bytes{instance=~"$host"})',
    ),
    figure(
      { title: 'Fullest disk', description: 'Share that is taken.', thresholds: { yellow: 0.8, red: 0.9 } },
      'percentunit',
      `max(1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}})`,
    ),
    figure(
      {
        title: 'PostgreSQL answers',
        description: 'Off: turns of calls wait in the spool on disk.',
        thresholds: { yellow: 1, red: 1, below: true },
      },
      'bool_on_off',
      'min(pg_up)',
    ),
    lines({ title: 'Processor', description: 'Cores by what they do.', isStacked: true }, 'short', {
      '{{mode}}': 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle",instance=~"$host"}[$__rate_interval]))',
    }),
    lines({ title: 'Load', description: 'Processes that run or wait to, over 1 minute, and cores.' }, 'short', {
      load: 'max(node_load1{instance=~"$host"})',
      cores: 'count(count by (cpu) (node_cpu_seconds_total{instance=~"$host"}))',
    }),
    lines({ title: 'Disk space left', description: 'By mount point.' }, 'bytes', {
      '{{mountpoint}}': `min by (mountpoint) (node_filesystem_avail_bytes{${DISKS}})`,
    }),
    lines({ title: 'Disk traffic', description: 'Read and written.' }, 'Bps', {
      read: 'sum(rate(node_disk_read_bytes_total{instance=~"$host"}[$__rate_interval]))',
      written: 'sum(rate(node_disk_written_bytes_total{instance=~"$host"}[$__rate_interval]))',
    }),
    lines({ title: 'Network', description: 'All devices but the loopback.' }, 'Bps', {
      received: 'sum(rate(node_network_receive_bytes_total{device!="lo",instance=~"$host"}[$__rate_interval]))',
      sent: 'sum(rate(node_network_transmit_bytes_total{device!="lo",instance=~"$host"}[$__rate_interval]))',
    }),
    lines({ title: 'Recordings', description: 'Size of all recordings.' }, 'bytes', { recordings: 'max(centralita_recordings_bytes{$I})' }),
    lines(
      {
        title: 'Transactions',
        description:
          'As the control plane asks for them: organization and appliance share the pool, read and write have connections of their own.',
      },
      's',
      quantiles('centralita_db_query_seconds', 'kind'),
    ),
    lines({ title: 'Pool of connections', description: 'More transactions than connections: they wait.' }, 'short', {
      'in use': 'sum(centralita_db_pool_in_use{$I})',
      connections: 'sum(centralita_db_pool_connections{$I})',
    }),
    lines(
      {
        title: 'What waits to be written',
        description: 'Events of calls in memory, and turns in the spool on disk while the database is away.',
      },
      'short',
      {
        journal: 'sum(centralita_journal_depth{$I})',
        spool: 'sum(centralita_turn_spool_records{$I})',
        'spool, MB': 'sum(centralita_turn_spool_bytes{$I}) / 1e6',
      },
    ),
    lines({ title: 'PostgreSQL: commits and rollbacks', description: 'How many in a second.' }, 'ops', {
      commits: 'sum(rate(pg_stat_database_xact_commit{datname="centralita"}[$__rate_interval]))',
      rollbacks: 'sum(rate(pg_stat_database_xact_rollback{datname="centralita"}[$__rate_interval]))',
    }),
    lines({ title: 'PostgreSQL: connections', description: 'By state, of 100.' }, 'short', {
      '{{state}}': 'sum by (state) (pg_stat_activity_count{datname="centralita"})',
    }),
    lines({ title: 'PostgreSQL: size', description: 'Of the database.' }, 'bytes', {
      size: 'max(pg_database_size_bytes{datname="centralita"})',
    }),
    lines({ title: 'PostgreSQL: reads from memory', description: 'Share of blocks that were in memory.' }, 'percentunit', {
      'from memory':
        'sum(rate(pg_stat_database_blks_hit{datname="centralita"}[$__rate_interval])) / (sum(rate(pg_stat_database_blks_hit{datname="centralita"}[$__rate_interval])) + sum(rate(pg_stat_database_blks_read{datname="centralita"}[$__rate_interval])))',
    }),
    lines({ title: 'Clock', description: 'How wrong it is, by the kernel.', thresholds: { yellow: 0.1, red: 0.5 } }, 's', {
      offset: 'max(abs(node_timex_offset_seconds{instance=~"$host"}))',
    }),
  ],
};
