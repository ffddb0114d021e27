import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { addressOptions } from './server-address.ts';

/** What the driver makes of it, without connecting. */
const optionsOf = (url: string) => postgres(url, addressOptions(url)).options;

describe('the address of a database server', () => {
  it('is a Unix socket where the host is a folder', () => {
    const options = optionsOf('postgres://app:secret@%2Fsrv%2Fdatabase:5433/centralita');
    expect(options).toMatchObject({ path: '/srv/database/.s.PGSQL.5433', user: 'app', pass: 'secret', database: 'centralita' });
  });

  it('is a host and a port otherwise', () => {
    expect(addressOptions('postgres://app:secret@db.example:5433/centralita')).toEqual({});
    expect(optionsOf('postgres://app:secret@db.example:5433/centralita')).toMatchObject({
      host: ['db.example'],
      port: [5433],
      path: false,
    });
  });
});
