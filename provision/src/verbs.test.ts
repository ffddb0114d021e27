// The words of provision.sh: one table in the program, and the same words with the same needs in the shell script that launches it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { APPLY_OPTIONS, findVerb, renderUsage, VERBS } from './verbs.ts';

/** The script's words with what each needs, from its one `case`. */
function wordsOfScript(): Map<string, string> {
  const script = readFileSync(new URL('../../provision.sh', import.meta.url), 'utf8');
  const words = new Map<string, string>();
  for (const [, list = '', needs = ''] of script.matchAll(/^ {2}(.+)\) needs=(\w+) ;;$/gm))
    for (const word of list.split(' | ')) words.set(word === "''" ? '' : word, needs);
  return words;
}

describe('the verbs', () => {
  it('are the same words with the same needs in provision.sh', () => {
    const expected = new Map<string, string>([['--help', 'nothing']]);
    for (const { name, aliases = [], needs } of VERBS) for (const word of [name, ...aliases]) expected.set(word, needs);
    for (const option of APPLY_OPTIONS) expected.set(option, 'install');
    expect(Object.fromEntries(wordsOfScript())).toEqual(Object.fromEntries(expected));
  });

  it('have a name of their own each', () => {
    const names = VERBS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are found by name, by alias, and by an option of the installation that comes first', () => {
    expect(findVerb([])?.verb.name).toBe('');
    expect(findVerb(['--dry-run'])?.verb.name).toBe('--plan');
    expect(findVerb(['logs', 'asterisk'])?.args).toEqual(['asterisk']);
    expect(findVerb(['--yes', '--json'])).toMatchObject({ verb: { name: '' }, args: ['--yes', '--json'] });
    expect(findVerb(['--uninstal'])).toBeNull();
  });

  it('have a line each in the help', () => {
    const help = renderUsage();
    for (const { name, summary } of VERBS) expect(help).toMatch(new RegExp(`^provision\\.sh ?${name}[^]*${summary.slice(0, 20)}`, 'm'));
  });
});
