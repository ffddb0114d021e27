// What the servers are given for so many calls, and that a run renders it and nothing else when the calls change.
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '#env-file.ts';
import { planSteps } from '#plan.ts';
import { finishedFacts } from '#sample-facts.ts';
import { readSettings } from '#settings.ts';
import { steps } from '#steps.ts';
import { describeAppliance } from '#appliance.ts';
import { callsWithPorts, describeLimits, limitServers, rtpPortsOf, sizeServers } from './server-limits.ts';

const machine = { calls: 10, memoryBytes: 16 * 1024 ** 3, rtpFirst: 20_000, rtpCeiling: undefined };

describe('the limits of the servers', () => {
  it('never fall below what a small installation needs', () => {
    expect(sizeServers(machine)).toMatchObject({
      rtpLast: { value: 20_239 },
      waitingCallers: { value: 100 },
      maxConnections: { value: 102 },
      sharedBuffersBytes: { value: 2 * 1024 ** 3 },
      inferenceBytes: { value: 10 * 1024 ** 3 },
      serverFiles: { value: 4_096 },
      nodeFiles: { value: 8_096 },
    });
  });

  it('leave models four gibibytes on the smallest machine, and say the sum', () => {
    const limits = sizeServers({ ...machine, memoryBytes: 4 * 1024 ** 3 });
    expect(limits.inferenceBytes.value).toBe(4 * 1024 ** 3);
    expect(describeLimits(limits).join('\n')).toContain(
      "models' servers: 4.0 GiB of memory each in containers: five eighths of 4.0 GiB, 4 GiB at least",
    );
  });

  it('grow with the calls, and say the sum', () => {
    const limits = sizeServers({ ...machine, calls: 400 });
    expect(limits).toMatchObject({ rtpLast: { value: 23_199 }, maxConnections: { value: 200 }, serverFiles: { value: 28_224 } });
    const text = describeLimits(limits).join('\n');
    expect(text).toContain('200 connections: 100 + 400 calls / 4');
    expect(text).toContain('28224 open files each: the greater of 4096 and 1024 + 400 calls x 64 + 100 on hold x 16');
    expect(text).toContain('20000 to 23199: 400 calls x 4 (RTP and RTCP of two legs), and as many again or 100 callers on hold x 2');
  });

  it('take no port beyond the operator’s last one, and say for how many calls those are too few', () => {
    const limits = sizeServers({ ...machine, calls: 100, rtpCeiling: 20_099 });
    expect(limits.rtpLast.value).toBe(20_099);
    expect(limits.rtpLast.arithmetic).toContain('up to 20099 as RTP_LAST_PORT says');
    expect(callsWithPorts(limits)).toBe(25);
    expect(callsWithPorts(sizeServers({ ...machine, calls: 25, rtpCeiling: 20_099 }))).toBeNull();
    expect(callsWithPorts(sizeServers({ ...machine, calls: 1_000 }))).toBeNull();
    expect(sizeServers({ ...machine, calls: 1_000, rtpFirst: 65_000 }).rtpLast.value).toBe(65_534);
  });

  it('leave room for everybody on hold besides the calls, and shorten the line where the operator’s ports do not reach', () => {
    for (const calls of [1, 5, 10, 25, 50, 400]) {
      const { waitingCallers, rtpFirst, rtpLast } = sizeServers({ ...machine, calls });
      expect(waitingCallers.value).toBe(100);
      expect(rtpLast.value - rtpFirst + 1).toBeGreaterThanOrEqual(calls * 4 + 100 * 2);
    }
    const few = sizeServers({ ...machine, calls: 10, rtpCeiling: 20_063 });
    expect(few.waitingCallers.value).toBe(12);
    expect(describeLimits(few).join('\n')).toContain('on hold: 12 callers: 64 ports for sound - 10 calls x 4, / 2');
    expect(sizeServers({ ...machine, calls: 100, rtpCeiling: 20_099 }).waitingCallers.value).toBe(0);
  });

  it('can be told of the ports before anything is planned', () => {
    expect(rtpPortsOf({ RTP_FIRST_PORT: 20_000 })).toEqual({ first: 20_000, last: 20_199 });
    expect(rtpPortsOf({ RTP_FIRST_PORT: 20_000, RTP_LAST_PORT: 20_049, MAX_CONCURRENT_CALLS: 50 })).toEqual({
      first: 20_000,
      last: 20_049,
    });
  });
});

describe('a run', () => {
  const before = finishedFacts();
  /** The same machine after its operator wrote another number of calls into `.env`. */
  const withCalls = (calls: number) => {
    const environmentText = before.environmentText.replace(/^MAX_CONCURRENT_CALLS=.*$/m, `MAX_CONCURRENT_CALLS=${calls}`);
    return { ...before, environmentText, settings: readSettings(parseEnvFile(environmentText), '.env') };
  };
  const fileOf = (facts: typeof before, list: 'asteriskFiles' | 'postgresFiles', path: string): string =>
    describeAppliance(facts)?.[list].find((file) => file.path === path)?.text ?? '';

  it('renders the limits of the calls that are admitted', () => {
    const facts = withCalls(300);
    expect(limitServers(facts).calls).toBe(300);
    expect(fileOf(facts, 'postgresFiles', 'postgresql.conf')).toMatch(/^max_connections = 175$/m);
    expect(fileOf(facts, 'asteriskFiles', 'asterisk.conf')).toMatch(/^maxfiles = 21824$/m);
    expect(fileOf(facts, 'asteriskFiles', 'rtp.conf')).toMatch(/^rtpend = 22399$/m);
    // Twice the calls, 100 on hold and 10.
    expect(fileOf(facts, 'asteriskFiles', 'asterisk.conf')).toMatch(/^maxcalls = 710$/m);
    const argv = new Map(describeAppliance(facts)?.services.map((service) => [service.name, service.argv]));
    const filesOf = (files: string) => [...argv].filter(([, words]) => words.includes(files)).map(([name]) => name);
    expect(filesOf('21824')).toEqual(['postgres', 'asterisk']);
    expect(filesOf('25824')).toEqual(['cpu-server', 'control-plane']);
  });

  it('finds nothing to do on the same machine, and exactly the limits on one that admits more', () => {
    expect(planSteps(before, steps)).toEqual([]);
    const changes = planSteps(withCalls(300), steps).flatMap(({ step, changes: found }) =>
      found.map((change) => `${step.name}: ${change}`),
    );
    expect(changes.filter((change) => change.includes('render'))).toEqual([
      'Asterisk configuration: render asterisk.conf, rtp.conf',
      'database: render postgresql.conf',
      'supervisor: render postgres.sh, asterisk.sh, cpu-server.sh, control-plane.sh',
    ]);
  });
});
