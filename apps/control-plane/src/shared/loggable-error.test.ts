import { describe, expect, it } from 'vitest';
import { loggableError } from './loggable-error.ts';

describe('a loggable error', () => {
  it('names every cause and where the innermost was thrown', () => {
    const lost = Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
    const fields = loggableError(new Error('cannot write', { cause: lost }));
    expect(fields.causes).toEqual([
      { name: 'Error', message: 'cannot write' },
      { name: 'Error', message: 'connection lost', code: 'ECONNRESET' },
    ]);
    expect(fields.stack).toContain('loggable-error.test.ts');
  });

  it("leaves out a query's values", () => {
    const failed = Object.assign(new Error('Failed query: insert into calls values ($1)\nparams: +34600000000'), {
      params: ['+34600000000'],
    });
    expect(JSON.stringify(loggableError(failed))).not.toContain('34600000000');
  });

  it('survives what is not an error and a chain that never ends', () => {
    const endless = new Error('endless');
    endless.cause = endless;
    expect(loggableError(endless).causes).toHaveLength(8);
    expect(loggableError('just text').causes).toEqual([{ name: 'NotAnError', message: 'just text' }]);
  });
});
