/** Renders an instance's PostgreSQL configuration and the SQL that makes its roles and database. */
import type { RenderedFile } from './asterisk-configuration.ts';
import { ADMIN_ROLE, DATABASE, DATABASE_ROLES, DATABASE_SOCKET, MOUNT_POINT } from './instance.ts';
import type { Instance } from './instance.ts';

const MEBIBYTE = 1_048_576;

/** The files of PostgreSQL's configuration folder. */
export function renderPostgres(instance: Instance): readonly RenderedFile[] {
  const buffersMb = Math.floor(instance.limits.sharedBuffersBytes / MEBIBYTE);
  // Whoever listens for other machines has no control plane beside it: in containers they share a network and no folder.
  const hasNeighbour = instance.network.postgresListen !== '*';
  const sockets = [`${MOUNT_POINT}/postgres/run`, ...(hasNeighbour ? [`${MOUNT_POINT}/${DATABASE_SOCKET}`] : [])];
  const settings = [
    '# Rendered by provision.sh: edit the source, not this file.',
    `data_directory = '${MOUNT_POINT}/postgres/data'`,
    `hba_file = '${MOUNT_POINT}/postgres/etc/pg_hba.conf'`,
    `unix_socket_directories = '${sockets.join(',')}'`,
    `listen_addresses = '${instance.network.postgresListen}'`,
    `port = ${instance.ports.postgres}`,
    `max_connections = ${instance.limits.maxConnections}`,
    `shared_buffers = ${buffersMb}MB`,
    `effective_cache_size = ${buffersMb * 3}MB`,
    'work_mem = 16MB',
    `maintenance_work_mem = ${Math.max(64, buffersMb)}MB`,
    'wal_compression = lz4',
    'max_wal_size = 2GB',
    'checkpoint_timeout = 15min',
    'random_page_cost = 1.1',
    // Short statements of a live call: compiling one costs more than running it.
    'jit = off',
    'idle_in_transaction_session_timeout = 30s',
    // Turns and dial intents are durable when acknowledged.
    'synchronous_commit = on',
    'password_encryption = scram-sha-256',
    "log_destination = 'stderr'",
    'logging_collector = off',
    "log_timezone = 'UTC'",
    "timezone = 'UTC'",
    '',
  ];
  const { app, migrator } = DATABASE_ROLES;
  const hba = [
    '# The superuser comes in through a socket alone and by its system user; the roles by password from this machine.',
    'local all postgres peer',
    ...(hasNeighbour ? [`local ${DATABASE} ${app},${migrator} scram-sha-256`] : []),
    `host ${DATABASE} ${Object.values(DATABASE_ROLES).join(',')} ${instance.network.databaseClients} scram-sha-256`,
    '',
  ];
  return [
    { path: 'postgresql.conf', text: settings.join('\n') },
    { path: 'pg_hba.conf', text: hba.join('\n') },
  ];
}

/**
 * SQL for psql as the superuser that makes the roles, the database and the extension, or sets them right.
 * Runs any number of times. The app role is bound by row-level security; the migrator owns the tables and its
 * migrations grant what the app may do. The app takes the admin's policies by SET ROLE alone, never by accident.
 */
export function renderDatabaseSetup(instance: Pick<Instance, 'passwords'>): string {
  const { app, migrator, monitor } = DATABASE_ROLES;
  const admin = ADMIN_ROLE;
  return `
\\set ON_ERROR_STOP on
select 'create role ${migrator}' where not exists (select from pg_roles where rolname = '${migrator}') \\gexec
select 'create role ${app}' where not exists (select from pg_roles where rolname = '${app}') \\gexec
alter role ${migrator} login nosuperuser nocreatedb nocreaterole nobypassrls password '${instance.passwords.databaseMigrator}';
alter role ${app} login nosuperuser nocreatedb nocreaterole nobypassrls password '${instance.passwords.databaseApp}';
select 'create role ${monitor}' where not exists (select from pg_roles where rolname = '${monitor}') \\gexec
alter role ${monitor} login nosuperuser nocreatedb nocreaterole nobypassrls connection limit 5 password '${instance.passwords.databaseMonitor}';
grant pg_monitor to ${monitor};
select 'create role ${admin} nologin' where not exists (select from pg_roles where rolname = '${admin}') \\gexec
alter role ${admin} nologin nosuperuser nobypassrls;
grant ${admin} to ${app} with inherit false, set true;
select 'create database ${DATABASE} owner ${migrator}' where not exists (select from pg_database where datname = '${DATABASE}') \\gexec
revoke all on database ${DATABASE} from public;
grant connect on database ${DATABASE} to ${app}, ${monitor};
\\connect ${DATABASE}
create extension if not exists vector;
grant usage on schema public to ${app};
`;
}
