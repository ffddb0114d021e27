import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openJumpingClock } from '#ports/testing/jumping-clock.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { createAuthentication } from './token-authentication.ts';
import { createTokenCache } from './token-cache.ts';
import { makeTokenText } from './token-text.ts';

/** An authentication that may fail as often as it likes, and counts what it asks of the database. */
function opened() {
  const clock = openJumpingClock();
  let queries = 0;
  const find = async () => {
    queries += 1;
    return null;
  };
  const tokens = createTokenCache({ lookup: { macsOf: (text) => [text], find }, clock });
  const attempts = createAttemptLimit({ rate: { burst: 1_000_000, intervalMs: 1 }, clock });
  return { authenticate: createAuthentication({ tokens, attempts }), queries: () => queries };
}

describe('a token that is presented', () => {
  it('costs no query when it has the wrong form or checksum, whatever is wrong', async () => {
    const { authenticate, queries } = opened();
    const changed = fc.tuple(fc.nat(46), fc.constantFrom('0', 'Z', 'a', '_')).map(([position, letter]) => {
      const text: string = makeTokenText();
      return text[position] === letter ? text.slice(1) : text.slice(0, position) + letter + text.slice(position + 1);
    });
    const texts = fc.oneof(changed, fc.string({ maxLength: 80 }));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        await expect(authenticate(`Bearer ${text}`, '192.0.2.7')).rejects.toMatchObject({ problemCode: 'unauthenticated' });
      }),
    );
    await expect(authenticate(undefined, '192.0.2.7')).rejects.toMatchObject({ problemCode: 'unauthenticated' });
    expect(queries()).toBe(0);
  });

  it('costs one when it could be one', async () => {
    const { authenticate, queries } = opened();
    await expect(authenticate(`bearer ${makeTokenText()}`, '192.0.2.7')).rejects.toMatchObject({ problemCode: 'unauthenticated' });
    expect(queries()).toBe(1);
  });
});
