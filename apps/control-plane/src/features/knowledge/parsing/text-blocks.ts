// Plain text: paragraphs between empty lines.
import type { BlockSink } from './document-block.ts';

export function readTextBlocks(text: string, sink: BlockSink): void {
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) sink({ kind: 'text', text: lines.join('\n') });
    lines = [];
  };
  for (const line of text.split('\n')) {
    if (line.trim() === '') flush();
    else lines.push(line);
  }
  flush();
}
