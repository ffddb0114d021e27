// What the running servers have: read from the kernel and from the supervisor as they write it.
import { describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { parseServicePids } from '#supervisor.ts';
import { parseOpenFiles } from './running-limits.ts';

describe('the limits that are in force', () => {
  it('are those that the kernel says, the soft one', () => {
    const text = `Limit                     Soft Limit           Hard Limit           Units
Max processes             7823                 7823                 processes
Max open files            1024                 1048576              files
`;
    expect(parseOpenFiles(text)).toBe(1_024);
    expect(parseOpenFiles(text.replace('1024 ', 'unlimited '))).toBe(Infinity);
    expect(parseOpenFiles('')).toBeNull();
  });

  it('can be read of a process that runs', async () => {
    expect(parseOpenFiles(await readFile('/proc/self/limits', 'utf8'))).toBeGreaterThan(0);
  });

  it('are asked of services that run, by the process numbers that the supervisor tells', () => {
    const text = `asterisk                         RUNNING   pid 4711, uptime 0:01:02
postgres                         RUNNING   pid 4712, uptime 1 days, 0:01:02
control-plane                    STOPPED   Nov 22 01:00 AM
another                          RUNNING   pid 9, uptime 0:00:01
`;
    expect([...parseServicePids(text)]).toEqual([
      ['asterisk', 4_711],
      ['postgres', 4_712],
    ]);
  });
});
