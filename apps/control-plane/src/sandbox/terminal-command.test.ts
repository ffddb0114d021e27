import { describe, expect, it } from 'vitest';
import { parseTerminalCommand } from './terminal-command.ts';

const parse = (line: string) => parseTerminalCommand(line, ['es', 'en']);

describe('a typed line', () => {
  it.each([
    ['  quiero una cita ', { kind: 'say', text: 'quiero una cita' }],
    ['', { kind: 'nothing' }],
    ['/dtmf 1#', { kind: 'dtmf', digits: '1#' }],
    ['/agent en', { kind: 'call_agent', language: 'en' }],
    ['/hangup', { kind: 'hang_up' }],
    ['/answer', { kind: 'pick_up' }],
    ['/decline', { kind: 'decline' }],
    ['/help', { kind: 'help' }],
    ['/quit', { kind: 'quit' }],
  ])('%j means %j', (line, command) => {
    expect(parse(line)).toEqual(command);
  });

  it.each([
    ['/dtmf x', /0-9/],
    ['/dtmf', /0-9/],
    ['/agent fr', /es, en/],
    ['/dance', /\/dance is not a command/],
  ])('%j is refused with what to write instead', (line, reason) => {
    expect(parse(line)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  });
});
