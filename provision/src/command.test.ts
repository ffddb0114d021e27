// Commands of the operating system: how they end is told, whatever ends them.
import { describe, expect, it } from 'vitest';
import { runCommand, runOnTerminal } from './command.ts';

describe("a command on the operator's terminal", () => {
  it('ends with its exit code, and with none where a signal ended it', async () => {
    expect(await runOnTerminal(['/bin/sh', '-c', 'exit 7'])).toBe(7);
    expect(await runOnTerminal(['/bin/sh', '-c', 'kill -KILL $$'])).toBeNull();
    expect(await runOnTerminal(['/bin/sh', '-c', '[ "$WORD" = given ]'], { env: { WORD: 'given' } })).toBe(0);
  });

  it('reads nothing where it may not ask', async () => {
    expect(await runOnTerminal(['/bin/sh', '-c', '! read answer'], { isAskable: false })).toBe(0);
  });

  it('that is not there, or that nobody waits for any more, throws', async () => {
    await expect(runOnTerminal(['/nowhere/program'])).rejects.toThrow('/nowhere/program: could not run');
    await expect(runOnTerminal(['sleep', '60'], { signal: AbortSignal.abort() })).rejects.toThrow('sleep: could not run');
  });
});

it('a command that fails says its last words', async () => {
  await expect(runCommand(['/bin/sh', '-c', 'echo no room >&2; exit 3'], { label: 'the copy' })).rejects.toThrow(
    'the copy: exit code 3\nno room',
  );
});
