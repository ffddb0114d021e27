import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { openTerminalScreen } from './terminal-screen.ts';

// Node's readline echoes nothing on a terminal that calls itself dumb, as a CI machine's does.
vi.stubEnv('TERM', 'xterm');

/** As much of a terminal as the screen uses: lines, a cursor, and the escape sequences that move it and clear. */
class FakeTerminal extends Writable {
  readonly isTTY: boolean;
  columns = 40;
  readonly rows: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(text: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    // eslint-disable-next-line no-control-regex
    for (const [piece] of String(text).matchAll(/\u001b\[\d*[A-Z]|[\s\S]/g)) this.#apply(piece);
    done();
  }

  #apply(piece: string): void {
    const [, number = '', letter = ''] = /\[(\d*)([A-Z])/.exec(piece) ?? [];
    const line = this.rows[this.#row] ?? '';
    if (piece === '\n') {
      this.#row += 1;
      this.#column = 0;
      this.rows[this.#row] ??= '';
    } else if (piece === '\r') this.#column = 0;
    else if (letter === 'A') this.#row -= Number(number || 1);
    else if (letter === 'G') this.#column = Number(number || 1) - 1;
    else if (letter === 'K' || letter === 'J') this.rows[this.#row] = line.slice(0, this.#column);
    else {
      this.rows[this.#row] = line.slice(0, this.#column) + piece + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }
}

describe('the screen', () => {
  it("lets the agent's words grow above the line that is being typed", () => {
    const terminal = new FakeTerminal(true);
    const input = new PassThrough();
    using screen = openTerminalScreen({ input, output: terminal });
    screen.tell('-- calling');
    for (const piece of ['Buenos ', 'días.']) screen.hear('agent', piece);
    input.write('quie');
    screen.hear('agent', ' ¿Qué desea?');
    expect(terminal.rows).toEqual(['-- calling', 'agent: Buenos días. ¿Qué desea?', '> quie']);
    screen.endHearing();
    screen.hear('agent', 'Otra frase que no cabe en cuarenta columnas.');
    expect(terminal.rows).toEqual([
      '-- calling',
      'agent: Buenos días. ¿Qué desea?',
      'agent: Otra frase que no cabe en',
      '  cuarenta columnas.',
      '> quie',
    ]);
  });

  it('shows everything on a terminal that does not know its width', () => {
    const terminal = new FakeTerminal(true);
    terminal.columns = 0;
    using screen = openTerminalScreen({ input: new PassThrough(), output: terminal });
    screen.hear('agent', 'palabra '.repeat(15));
    expect(terminal.rows.join(' ').match(/palabra/g)).toHaveLength(15);
  });

  it('goes on telling after the input ended', async () => {
    const terminal = new FakeTerminal(true);
    const input = new PassThrough();
    using screen = openTerminalScreen({ input, output: terminal });
    input.end();
    for await (const line of screen.lines) expect(line).toBe('');
    screen.tell('-- the call ended');
    expect(terminal.rows.join('\n')).toContain('-- the call ended');
  });

  it('writes whole lines where nobody watches', () => {
    const file = new FakeTerminal(false);
    using screen = openTerminalScreen({ input: new PassThrough(), output: file });
    screen.hear('agent', 'Buenos ');
    screen.hear('agent', 'días. ');
    screen.endHearing();
    screen.tell('-- the call ended');
    expect(file.rows).toEqual(['agent: Buenos días.', '-- the call ended', '']);
  });

  it('keeps lines that came before anybody read them', async () => {
    const input = new PassThrough();
    using screen = openTerminalScreen({ input, output: new FakeTerminal(false) });
    input.end('uno\ndos\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const lines: string[] = [];
    for await (const line of screen.lines) lines.push(line);
    expect(lines).toEqual(['uno', 'dos']);
  });
});
