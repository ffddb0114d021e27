/** Every line that the product can log, held against the rules of the log; each rule is broken here once to see that it is seen. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLogLines } from './log-lines.ts';

const repository = resolve(import.meta.dirname, '../../../..');
const sources = globSync(['apps/control-plane/src/**/*.ts', 'inference/cpu-server/src/**/*.ts'], { cwd: repository }).filter(
  (file) => !/\.test\.ts$|\/(test|testing|generated)\//.test(file),
);

describe('every line that the product logs', () => {
  it('has a message that is written as it stands, and personal data under pii alone', () => {
    const readings = sources.map((file) => ({ file, ...readLogLines(file, readFileSync(join(repository, file), 'utf8')) }));
    expect(readings.flatMap(({ file, problems }) => problems.map((problem) => `${file}:${problem}`))).toEqual([]);
    // A walk that finds nothing would be content with everything.
    expect(readings.reduce((sum, { lines }) => sum + lines, 0)).toBeGreaterThan(100);
  });

  it('is found by the name of the log', () => {
    expect(sources).toContain('apps/control-plane/src/engine/call-engine.ts');
    expect(sources).toContain('inference/cpu-server/src/cpu-server.ts');
  });
});

describe('what breaks the rules is told with its line', () => {
  const problemsOf = (source: string) => readLogLines('planted.ts', source).problems;

  it.each([
    ['log.info({ callId }, `call of ${callId}`);', '1: the message is put together: say it with fields'],
    ['\nthis.#log.warn({}, message);', '2: the message is put together: say it with fields'],
    ["log.error('it broke');", '1: a line is fields and a message, in this order'],
    ["parts.log.info({ callerNumber }, 'call');", '1: callerNumber is personal data: put it under pii'],
    ["log.child({ callerNumber: leg.callerNumber }).info({}, 'call');", '1: callerNumber is personal data: put it under pii'],
    ["jobLog.info({ turn: { text } }, 'turn');", '1: text is personal data: put it under pii'],
    ["const fields = { 'email': to };\nlog.info(fields, 'sent');", '2: email is personal data: put it under pii'],
    ["const about = { transcript };\nlog.info({ callId, ...about }, 'done');", '2: transcript is personal data: put it under pii'],
  ])('%s', (source, problem) => {
    expect(problemsOf(source)).toEqual([problem]);
  });

  it.each([
    "log.info({ callId, pii: { callerNumber, text } }, 'call');",
    "log.warn({}, isLast ? 'given up' : 'tried again');",
    "log.error({ chains }, 'a long text ' + 'on two lines');",
    'map.child({ text });\nconsole.warn(text);',
  ])('%s is in order', (source) => {
    expect(problemsOf(source)).toEqual([]);
  });
});
