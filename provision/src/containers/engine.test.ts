// What the engine and compose answer, which of their versions will do, and the word that chooses the runtime.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isAtLeast } from '#version.ts';
import { parseServices, renderOverride } from './compose.ts';
import { takeRuntime } from './containers-verb.ts';

describe('the engine', () => {
  it.each([
    ['28.5.2+dfsg4', '25.0', true],
    ['20.10.24+dfsg1', '20.10', true],
    ['v2.40.3-3', '2.24', true],
    ['2.6.1', '2.24', false],
    ['', '20.10', false],
  ] as const)('of version %j is %j or newer: %j', (version, floor, expected) => {
    expect(isAtLeast(version, floor)).toBe(expected);
  });

  it('that knows no start_interval is given a file without one, a newer one is told nothing', () => {
    const old = renderOverride({ version: '20.10.24+dfsg1', compose: null });
    expect(old).toMatch(/^ {2}postgres: \{ healthcheck: \{ interval: 5s, start_interval: !reset null \} \}$/m);
    expect(parse(renderOverride({ version: '28.5.2', compose: null }))).toEqual({ services: {} });
  });

  it('says of each container whether it is up: a migration that ended well is, a service that ended is not', () => {
    const text = [
      'asterisk\trunning\tUp 3 seconds (health: starting)',
      'backup\texited\tExited (137) 2 days ago',
      'migrate\texited\tExited (0) 2 days ago',
      'node-exporter\tcreated\tCreated',
      'postgres\trunning\tUp 2 minutes (healthy)',
      'test-call\trunning\tUp 2 minutes',
      '',
    ].join('\n');
    expect(parseServices(text)).toEqual([
      { name: 'asterisk', isUp: false, words: 'running, starting' },
      { name: 'backup', isUp: false, words: 'ended with 137' },
      { name: 'migrate', isUp: true, words: 'ended with 0' },
      { name: 'node-exporter', isUp: false, words: 'created' },
      { name: 'postgres', isUp: true, words: 'running, healthy' },
      { name: 'test-call', isUp: true, words: 'running' },
    ]);
  });
});

describe('--runtime', () => {
  it('is taken out of the words, wherever it stands', () => {
    expect(takeRuntime(['--yes', '--runtime', 'docker', '--json'])).toEqual({ wish: 'docker', rest: ['--yes', '--json'] });
    expect(takeRuntime(['--runtime=native'])).toEqual({ wish: 'native', rest: [] });
    expect(takeRuntime(['--yes'])).toEqual({ wish: null, rest: ['--yes'] });
  });

  it.each([[['--runtime']], [['--runtime', 'podman']]])('is refused as %j', (words) => {
    expect(() => takeRuntime(words)).toThrow('say native or docker');
  });
});
