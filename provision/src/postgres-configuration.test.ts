import { describe, expect, it } from 'vitest';
import { databaseUrl } from './instance.ts';
import { renderPostgres } from './postgres-configuration.ts';
import { requireAppliance } from './appliance.ts';
import { finishedFacts } from './sample-facts.ts';

describe("the database's addresses", () => {
  const { instance } = requireAppliance(finishedFacts());
  const textOf = (path: string) => renderPostgres(instance).find((file) => file.path === path)?.text ?? '';

  it('has a socket for the control plane that PostgreSQL opens, and lets the two roles in by password there', () => {
    expect(databaseUrl(instance, 'app')).toContain(encodeURIComponent('/srv/home/instances/appliance/database'));
    expect(textOf('postgresql.conf')).toContain("unix_socket_directories = '/instance/postgres/run,/instance/database'");
    expect(textOf('pg_hba.conf')).toContain('local centralita centralita_app,centralita_migrator scram-sha-256');
  });

  it('is on the loopback where the path of the folder is too long for a socket', () => {
    const longest = { ...instance, dir: `/${'d'.repeat(107 - '//database/.s.PGSQL.5433'.length)}` };
    expect(databaseUrl(longest, 'app')).toContain('%2Fdatabase:5433');
    expect(databaseUrl({ ...instance, dir: `${longest.dir}d` }, 'app')).toContain('@127.0.0.1:5433/');
  });
});
