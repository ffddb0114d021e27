// What is done to the machine is handed over as it was typed, and its exit code comes back.
import { readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { applianceCommands } from './appliance-commands.ts';
import { play } from './testing/played-terminal.ts';

describe('commands about the appliance itself', () => {
  it.each(applianceCommands)('centralita $name hands over to $verb of the program beside it', async ({ name, verb }) => {
    const { started, exitCode } = await play([name, 'one', '--json', '--level', 'two', '-x'], { exitCode: 20 });
    expect(exitCode).toBe(20);
    const [node, program = '', ...words] = started[0] ?? [];
    expect(node).toBe(process.execPath);
    expect((await stat(program)).isFile()).toBe(true);
    expect(words).toEqual([verb, 'one', '--json', '--level', 'two', '-x']);
  });

  it('know words that the installation knows', async () => {
    const script = await readFile(new URL('../../../provision.sh', import.meta.url), 'utf8');
    const known = [...script.matchAll(/^  ([^()\n]+)\) needs=/gm)].flatMap(([, words = '']) => words.split('|').map((word) => word.trim()));
    expect(applianceCommands.map(({ verb }) => verb).filter((verb) => !known.includes(verb))).toEqual([]);
  });

  it('starts nothing when only help is asked for', async () => {
    const { started, exitCode, out } = await play(['doctor', '--help']);
    expect({ started, exitCode }).toEqual({ started: [], exitCode: 0 });
    expect(out).toContain('centralita doctor --json');
  });
});
