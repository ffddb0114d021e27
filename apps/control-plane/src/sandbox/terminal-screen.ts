/** The sandbox's screen: the agent's words grow on their own line while the caller types on the one below. */
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';

/** Where the sandbox reads and writes. */
export type TerminalStreams = { readonly input: Readable; readonly output: Writable };

/** The screen. A terminal is redrawn as words come; anything else gets whole lines. */
export type TerminalScreen = Disposable & {
  /** Lines that were typed; ends with the input. */
  readonly lines: AsyncIterable<string>;
  /** True when a person can see what comes while typing. */
  readonly isInteractive: boolean;
  /** A line about the call. */
  tell(text: string): void;
  /** More of what `speaker` is saying. */
  hear(speaker: string, text: string): void;
  /** `speaker` is done for now. */
  endHearing(): void;
};

type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

const PROMPT = '> ';
/** Some terminals say 0; a line must have room for a word and more. */
const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 20;

/** Opens the screen over two streams. */
export function openTerminalScreen({ input, output }: TerminalStreams): TerminalScreen {
  const terminal: Terminal = output;
  const isInteractive = terminal.isTTY === true;
  const reader = createInterface({ input, ...(isInteractive ? { output } : {}), terminal: isInteractive, prompt: PROMPT });
  // Asked for now: lines that come before anybody reads them wait, instead of being lost.
  const lines = reader[Symbol.asyncIterator]();
  let spoken = '';
  let isReading = true;
  reader.once('close', () => (isReading = false));

  /** Writes whole lines above the one being typed. */
  const writeAbove = (text: string): void => {
    if (isInteractive) terminal.write('\r\u001b[K');
    terminal.write(`${text}\n`);
    // After Ctrl-D or Ctrl-C there is still something to tell, and nothing to ask for.
    if (isInteractive && isReading) reader.prompt(true);
  };
  const endHearing = (): void => {
    if (!isInteractive && spoken !== '') terminal.write(`${spoken.trimEnd()}\n`);
    spoken = '';
  };
  return {
    lines,
    isInteractive,
    endHearing,
    tell(text) {
      endHearing();
      writeAbove(text);
    },
    hear(speaker, text) {
      const isFirst = spoken === '';
      spoken += isFirst ? `${speaker}: ${text.trimStart()}` : text;
      if (!isInteractive) return;
      // One line up, over the words so far; a full line is left as it is and a new one begun.
      const width = Math.max(MIN_COLUMNS, terminal.columns || DEFAULT_COLUMNS) - 1;
      if (!isFirst) terminal.write('\r\u001b[K\u001b[1A');
      while (spoken.length > width) {
        const space = spoken.lastIndexOf(' ', width);
        const cut = space > width / 2 ? space : width;
        writeAbove(spoken.slice(0, cut));
        spoken = `  ${spoken.slice(cut).trimStart()}`;
      }
      writeAbove(spoken);
    },
    [Symbol.dispose]: () => reader.close(),
  };
}
